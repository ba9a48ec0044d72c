// What gc removes of tasks that were killed, and leaves to those that run. Starts no guest.
import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { exists } from "../lib/base/files/directories.ts";
import { imageCacheDir, imagesDir, snapshotsDir, stateDir } from "../lib/base/files/paths.ts";
import { makerLock } from "../lib/store/unfinished.ts";
import { gc, gone, hold, NAME, storage } from "./support/stored_things.ts";

Deno.test("gc removes what killed builds of images left, and nothing of a build under way", async () => {
  await using box = await storage();
  const place = async (image: string, name: string) => {
    const dir = join(imagesDir(), image, name);
    await Deno.mkdir(join(dir, "root/etc"), { recursive: true });
    await Deno.writeTextFile(join(dir, "root/etc/shadow"), "x".repeat(10_000));
    return dir;
  };
  const tree = await place(NAME, "tree-0123456789abcdef");
  const version = await place(NAME, "version-123456789abcdef");
  const other = await place("debian-arm64", "tree-0123456789abcdef");
  const foreign = await place(NAME, "tree-of-something-else");
  const why = "its build did not get to its end";
  {
    await using _building = await hold(makerLock("image", NAME), "exclusive");
    assertEquals(gone(await gc(box)), { [`unfinished image ${other}`]: why });
  }
  assertEquals(gone(await gc(box)), {
    [`unfinished image ${tree}`]: why,
    [`unfinished image ${version}`]: why,
  });
  assert(await exists(foreign));
});

Deno.test("gc removes temporary files only if their writer is gone", async () => {
  await using box = await storage();
  const place = async (path: string) => {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, "x".repeat(10_000));
    return path;
  };
  const random = "tmp-4194305-0123456789ab";
  const left = [
    await place(join(imagesDir(), NAME, `.image.hash.${random}`)),
    await place(join(imageCacheDir(), `.rootfs-x.tar.zst.sha256.${random}`)),
    await place(join(stateDir(), "verdicts", `.rust.json.${random}`)),
    await place(join(stateDir(), "caches/p/0123", `.cache.json.${random}`)),
    await place(join(snapshotsDir(), NAME, "0123456789abcdef", `.snapshot.json.${random}`)),
  ];
  const busy = await place(join(stateDir(), `.pins.json.${random}`));
  const foreign = await place(join(stateDir(), ".pins.json.tmp"));
  {
    await using _writer = await hold(busy, "exclusive");
    const { removed } = await gc(box);
    const files = removed.filter(({ kind }) => kind === "unfinished file");
    // The snapshot and the build cache themselves are no whole ones, and go with all that is in them.
    assertEquals(files.map(({ path }) => path).sort(), left.slice(0, 3).sort());
  }
  for (const path of left) assertEquals(await exists(path), false, path);
  assertEquals(gone(await gc(box)), { [`unfinished file ${busy}`]: "its writer is gone" });
  assert(await exists(foreign));
});

Deno.test("gc removes temporary directories of killed tasks, whatever could not be removed before", async () => {
  await using box = await storage();
  const tmp = box.env.TMPDIR ?? "";
  const stage = join(tmp, "guesthouse-tmp-rootfs-0123456789abcdef");
  const busy = join(tmp, "guesthouse-tmp-seed-0123456789abcdef");
  const foreign = join(tmp, "guesthouse-of-somebody-else");
  for (const dir of [stage, busy, foreign]) {
    await Deno.mkdir(join(dir, "open"), { recursive: true });
  }
  {
    await using _task = await hold(busy, "exclusive");
    assertEquals(gone(await gc(box)), { [`temporary files ${stage}`]: "its task is gone" });
  }
  assertEquals(gone(await gc(box)), { [`temporary files ${busy}`]: "its task is gone" });
  assertEquals([await exists(stage), await exists(foreign)], [false, true]);
});

Deno.test("gc removes what killed builds of parts left, and nothing of a build under way", async () => {
  await using box = await storage();
  const place = async (name: string) => {
    const dir = join(imageCacheDir(), name);
    await Deno.mkdir(join(dir, "tree-1/root/etc"), { recursive: true });
    await Deno.writeTextFile(join(dir, "tree-1/root/etc/shadow"), "x".repeat(10_000));
    return dir;
  };
  const killed = await place("part-raw-base-x86_64.qcow2-0123456789abcdef");
  const busy = await place("part-vmlinuz-x86_64-123456789abcdef");
  const foreign = await place("part-of-something-else");
  const cargo = await place("cargo");
  const why = "its build did not get to its end";
  {
    await using _building = await hold(makerLock("part", "vmlinuz-x86_64"), "exclusive");
    const outcome = await gc(box);
    assertEquals(gone(outcome), { [`unfinished part ${killed}`]: why });
    assertEquals(outcome.kept.map(({ path }) => path), [busy]);
  }
  assertEquals(gone(await gc(box)), { [`unfinished part ${busy}`]: why });
  for (const path of [foreign, cargo]) assert(await exists(path), path);
});
