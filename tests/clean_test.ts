// What drops the build caches of a project, through `deno task`. Starts no guest.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { nativeHome, nativeLock } from "../lib/ci/native.ts";
import { exists } from "../lib/base/files/directories.ts";
import { root } from "../lib/base/files/paths.ts";
import type { Sandbox } from "./support/harness.ts";
import { assertFailure, assertNoBug, documentOf } from "./support/outcome.ts";
import { hold, NAME, placeCache, storage } from "./support/stored_things.ts";

/** A project with a build directory of its own, which is none of our business. */
async function makeProject(box: Sandbox, name: string): Promise<string> {
  const dir = join(await Deno.realPath(box.dir), "projects", name);
  await Deno.mkdir(join(dir, "build"), { recursive: true });
  await Deno.writeTextFile(join(dir, "build/mine"), "");
  await Deno.writeTextFile(join(dir, "guesthouse.json"), "not JSON, which does not matter here");
  return dir;
}

async function placeNative(project: string): Promise<string> {
  const home = nativeHome(project);
  await Deno.mkdir(join(home, "build"), { recursive: true });
  await Deno.writeTextFile(join(home, "build/mine.o"), "x".repeat(20_000));
  await Deno.symlink(project, join(home, "project"));
  return home;
}

Deno.test("clean removes what builds of the project left, and nothing else", async () => {
  await using box = await storage();
  const [mine, other] = [await makeProject(box, "mine; rm"), await makeProject(box, "other")];
  const place = async (project: string) => [
    await placeCache(project),
    await placeCache(project, {}, { name: "debian-arm64" }),
    await placeNative(project),
  ];
  const [amd64 = "", arm64 = "", native = ""] = await place(mine);
  const others = await place(other);
  const clean = async (...args: string[]) => {
    const outcome = await box.task("clean", ["--json", ...args]);
    assertEquals([outcome.code, outcome.stderr], [0, ""]);
    const { ok, removed, bytesFreed } = documentOf(outcome);
    assertEquals([ok, bytesFreed > 0], [true, removed.length > 0]);
    return removed.map(({ path }: { path: string }) => path);
  };
  const ofMine = ["--project", mine];
  assertEquals(await clean(...ofMine, "--dry-run"), [amd64, arm64, native]);
  assertEquals(await clean("debian-arm64", ...ofMine), [arm64]);
  assertEquals(await clean("native", ...ofMine, "--dry-run"), [native]);
  assertEquals(await clean(...ofMine), [amd64, native]);
  assertEquals(await clean(...ofMine), []);
  for (const path of others) assert(await exists(path), path);
  assertEquals((await clean("--all")).sort(), others.sort());
  for (const dir of [mine, other]) {
    assertEquals(await Deno.readTextFile(join(dir, "build/mine")), "");
    assert(await exists(join(dir, "guesthouse.json")));
  }
});

Deno.test("clean keeps what a task uses, names the task, and ends with status 1", async () => {
  await using box = await storage();
  const mine = await makeProject(box, "mine");
  const cache = await placeCache(mine);
  const native = await placeNative(mine);
  await Deno.mkdir(join(nativeLock(native), ".."), { recursive: true });
  await Deno.writeTextFile(nativeLock(native), "pid 77 (build of mine)\n");
  await using _building = await hold(nativeLock(native), "exclusive");
  await using _cached = await hold(join(cache, "lock"), "exclusive");
  for (const extra of [["--dry-run"], []]) {
    const outcome = await box.task("clean", ["--project", mine, ...extra]);
    assertEquals(outcome.code, 1);
    assertNoBug(outcome);
    assertStringIncludes(outcome.stderr, `${NAME} ${mine} stays: in use by pid 1 (build of mine)`);
    assertStringIncludes(outcome.stderr, "stays: in use by pid 77 (build of mine)");
    assertMatch(outcome.stdout, /^0 .*; 2 left$/m);
  }
  const { ok, left } = documentOf(await box.task("clean", ["--json", "--project", mine]));
  assertEquals([ok, left.length, left[0].holder], [false, 2, "pid 1 (build of mine)"]);
  for (const path of [cache, native]) assert(await exists(path), path);
});

Deno.test("clean refuses --project with --all, and a missing project", async () => {
  await using box = await storage();
  assertFailure(await box.task("clean", ["--all", "--project", root]), {
    exit: 2,
    says: ["--project and --all exclude each other: --all means every project"],
  });
  assertFailure(await box.task("clean", ["--project", join(box.dir, "none")]), {
    exit: 2,
    says: ["there is no such directory"],
  });
});
