import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { basename, dirname, join } from "@std/path";
import { HostError } from "../errors.ts";
import { exists } from "../files/directories.ts";
import { isLocked } from "../files/lock.ts";
import { cleanEnvironment } from "./clean_environment.ts";
import { startScript, testdata } from "./process_testing.ts";
import { listScratch, makeScratch, removeScratch, sweepScratch } from "./scratch.ts";
import { sandbox } from "../host_testing.ts";

/** A directory for temporary files of the test's own. */
async function ownTmp(): Promise<{ tmp: string } & AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const { path } = stack.use(await sandbox());
  const tmp = join(path, "tmp");
  await Deno.mkdir(tmp);
  stack.use(await sandbox({ TMPDIR: tmp }));
  return { tmp, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const leftIn = async (tmp: string) =>
  (await listScratch()).filter((path) => path.startsWith(`${tmp}/`));

Deno.test("makeScratch() makes a directory for this user alone, and removes it when disposed", async () => {
  await using own = await ownTmp();
  let path: string;
  {
    await using scratch = await makeScratch("sync");
    path = scratch.path;
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o7777, 0o700);
    assertEquals(await leftIn(own.tmp), [path]);
    assert(await isLocked(path));
    assertEquals(await removeScratch(path), false);
    await Deno.mkdir(join(path, "a/b"), { recursive: true });
  }
  assertEquals(await exists(path), false);
});

Deno.test("makeScratch() passes a place over where others can put something else instead", async () => {
  await using own = await ownTmp();
  await Deno.chmod(own.tmp, 0o777);
  {
    await using scratch = await makeScratch("rootfs");
    assertEquals(dirname(scratch.path), "/tmp");
  }
  assertEquals(await Array.fromAsync(Deno.readDir(own.tmp)), []);
  await Deno.chmod(own.tmp, 0o1777);
  await using sticky = await makeScratch("rootfs");
  assertEquals(dirname(sticky.path), own.tmp);
});

Deno.test("makeScratch() passes another user's place over", {
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
}, async () => {
  await using own = await ownTmp();
  await Deno.chown(own.tmp, 4242, 4242);
  await using scratch = await makeScratch("rootfs");
  assertEquals(dirname(scratch.path), "/tmp");
});

Deno.test("makeScratch() does without a TMPDIR that is relative, missing or a file", async () => {
  await using box = await sandbox();
  await Deno.writeTextFile(join(box.path, "file"), "");
  for (const TMPDIR of ["some/dir", join(box.path, "missing"), join(box.path, "file")]) {
    await using _env = await sandbox({ TMPDIR });
    await using scratch = await makeScratch("sync");
    assertEquals(dirname(scratch.path), "/tmp", TMPDIR);
    assertEquals(cleanEnvironment("go").TMPDIR, undefined, TMPDIR);
  }
});

Deno.test("makeScratch() looks for room, and lists what each place lacks", async () => {
  await using own = await ownTmp();
  const whyNot = (dir: string) =>
    Promise.resolve(dir === own.tmp ? "it runs no programs" : undefined);
  {
    await using scratch = await makeScratch("rootfs", { bytes: 1, whyNot });
    assertEquals(dirname(scratch.path), "/tmp");
  }
  const error = await assertRejects(() => makeScratch("rootfs", { bytes: 2 ** 60 }), HostError);
  assertEquals(error.details.length, 4);
  assertMatch(error.details[0]!, /^\/.*tmp: 1048576.0 TiB are needed, .* are free$/);
  assertMatch(error.next ?? "", /^set TMPDIR to a directory of your own with more room/);
});

Deno.test("removeScratch() removes what a killed task left, but not what a running one uses", async () => {
  await using own = await ownTmp();
  await using task = await startScript(testdata("hold_scratch.ts"), [], "held");
  const [path = ""] = await leftIn(own.tmp);
  await sweepScratch("sync");
  assertEquals([await exists(path), await isLocked(path)], [true, true]);
  task.child.kill("SIGKILL");
  await task.child.status;
  assertEquals(await isLocked(path), false);
  await sweepScratch("rootfs");
  assertEquals(await exists(path), true, "it is for something else");
  assertEquals(await removeScratch(path), true);
  assertEquals(await leftIn(own.tmp), []);
});

Deno.test("listScratch() lists only our names, and follows no link", async () => {
  await using own = await ownTmp();
  for (
    const name of [
      "guesthouse-0",
      "guesthouse-sync-01",
      "guesthouse-tmp-sync-x",
      "guesthouse-tmp-x-01",
    ]
  ) {
    await Deno.mkdir(join(own.tmp, name));
  }
  await Deno.symlink(own.tmp, join(own.tmp, "guesthouse-tmp-sync-02"));
  await Deno.mkdir(join(own.tmp, "guesthouse-tmp-sync-01"));
  assertEquals((await leftIn(own.tmp)).map((path) => basename(path)), ["guesthouse-tmp-sync-01"]);
});
