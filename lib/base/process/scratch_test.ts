import { assert, assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "@std/path";
import { HostError } from "../errors.ts";
import { exists } from "../files/directories.ts";
import { isLocked } from "../files/lock.ts";
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

Deno.test("makeScratch() refuses a directory in which others can replace it", async () => {
  await using own = await ownTmp();
  await Deno.chmod(own.tmp, 0o777);
  const error = await assertRejects(() => makeScratch("rootfs"), HostError, "every user can");
  assertEquals(error.next, "set TMPDIR to a directory of your own");
  assertEquals(await Array.fromAsync(Deno.readDir(own.tmp)), []);
  await Deno.chmod(own.tmp, 0o1777);
  await using _sticky = await makeScratch("rootfs");
});

Deno.test("makeScratch() refuses another user's directory", {
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
}, async () => {
  await using own = await ownTmp();
  await Deno.chown(own.tmp, 4242, 4242);
  await assertRejects(() => makeScratch("rootfs"), HostError, "the user with id 4242");
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
