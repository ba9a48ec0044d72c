// Disks of the host that are full, through `deno task`. Starts no guest.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { loadPlatform } from "../lib/config/platform.ts";
import { platformsDir } from "../lib/base/files/paths.ts";
import { imageState } from "../lib/image/platform/platform_image.ts";
import { makeSandbox, type Sandbox, type TaskOutcome } from "./support/harness.ts";
import { assertFailure, assertNoBug, documentOf } from "./support/outcome.ts";
import { scriptProject } from "./support/script_project.ts";
import { canMount, withSmallDisk } from "./support/small_disk.ts";

const MIB = 2 ** 20;
const ignore = !canMount;

async function makeDir(box: Sandbox, name: string): Promise<string> {
  const dir = join(box.dir, name);
  await Deno.mkdir(dir, { recursive: true });
  return dir;
}

/** The disk in the place of `dir` is named as the full one, and what frees space. */
function assertNamesDisk(outcome: TaskOutcome, dir: string): void {
  assertFailure(outcome, {
    exit: 3,
    says: [": a disk of this host is full\n", `  file system ${dir}: `, "  next: deno task gc"],
  });
}

Deno.test({
  name: "a build without space for its log ends with status 3 and the name of the disk",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const logs = await makeDir(box, "logs");
    const dir = await scriptProject(box, "yes 'a loud step' | head -c 4000000");
    const outcome = await box.task("build-native", ["--quiet", "--json", "--project", dir], {
      wrapper: withSmallDisk(logs, MIB),
    });
    assertNamesDisk(outcome, logs);
    const { ok, platforms } = documentOf(outcome);
    assertEquals([ok, platforms[0].status], [false, "error"]);
    await box.assertClean();
  },
});

Deno.test({
  name: "a state directory without space ends tasks with status 3 and the name of the disk",
  ignore: ignore ||
    (await imageState(await loadPlatform(platformsDir, "debian-amd64"))).kind === "missing",
  async fn() {
    await using box = await makeSandbox();
    const state = await makeDir(box, "state");
    const project = await scriptProject(box, "true");
    // Room for keys and records, and then for an overlay, but not for a copy of the initramfs.
    for (const size of [MIB / 4, MIB]) {
      const outcome = await box.task("build-vm", ["debian-amd64", "--cold", "--project", project], {
        wrapper: withSmallDisk(state, size),
      });
      assertNamesDisk(outcome, state);
    }
    await box.assertClean();
  },
});

Deno.test({
  name: "gc frees space on a disk that is full",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const state = await makeDir(box, "state");
    const left = await makeDir(box, "state/runs/debian-amd64-0a1b2c3d");
    const list = join(box.dir, "list");
    const fill = ["sh", "-c", 'head -c 2M /dev/zero >"$0/full" 2>/dev/null; "$@"', left];
    const outcome = await box.task("gc", [], {
      wrapper: [...withSmallDisk(state, MIB, list), ...fill],
    });
    assertEquals(outcome.code, 0, outcome.stderr);
    assert(!(await Deno.readTextFile(list)).includes(left), outcome.stderr);
  },
});

Deno.test({
  name: "artifacts that do not fit are refused before they are copied, and holes take no space",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const out = await makeDir(box, "out");
    const list = join(box.dir, "list");
    const make = 'head -c 8M /dev/urandom >"$0/large"; truncate -s 6G "$0/sparse"; echo x >"$0/x"';
    const build = async (artifacts: string[]) => {
      const steps = { default: [{ name: "make", run: ["sh", "-c", make, "{build}"] }] };
      const dir = await scriptProject(box, "", { steps, artifacts });
      const args = ["--project", dir, "--artifacts", out];
      return await box.task("build-native", args, { wrapper: withSmallDisk(out, 4 * MIB, list) });
    };
    const refused = await build(["x", "large"]);
    assertNamesDisk(refused, out);
    assertMatch(refused.stderr, /\n {2}it is 8\.0 MiB, and \d.* were free\n/);
    assert(!(await Deno.readTextFile(list)).includes("native/x"), "nothing is copied");
    const sparse = await build(["x", "sparse"]);
    assertEquals(sparse.code, 0, sparse.stderr);
    assertStringIncludes(await Deno.readTextFile(list), "native/sparse");
  },
});

Deno.test({
  name: "a full standard output ends build-all with status 3, and a full standard error, too",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using box = await makeSandbox();
    const args = ["native", "--project", await scriptProject(box, "true")];
    const redirected = (to: string) => ({ wrapper: ["sh", "-c", `exec "$0" "$@" ${to}`] });
    const outcome = await box.task("build-all", args, redirected(">/dev/full"));
    assertFailure(outcome, {
      exit: 3,
      says: ["Cannot write to standard output: No space left on device\n", "  next: "],
    });
    const quiet = await box.task("build-all", args, redirected("2>/dev/full"));
    assertEquals([quiet.code, quiet.stderr], [3, ""]);
    assertStringIncludes(quiet.stdout, "Cannot write to standard error: No space left on device\n");
    assertNoBug(quiet);
    await box.assertClean();
  },
});
