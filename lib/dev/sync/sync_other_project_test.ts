import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import { UsageError, WorkError } from "../../base/errors.ts";
import { prepareSync, type SyncOptions } from "./sync.ts";
import { namesIn, read, sync, withLoopback, write } from "./sync_testing.ts";

/** Another project of the host, for the same directory of the guest. */
async function anotherProject(options: SyncOptions): Promise<SyncOptions> {
  const hostDir = join(dirname(options.hostDir), "other");
  await Deno.mkdir(hostDir);
  return { ...options, hostDir };
}

Deno.test("prepareSync() refuses a copy of another project, and names both", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir, stateDir } = options;
    const other = await anotherProject(options);
    await write(hostDir, { a: "a" });
    await write(other.hostDir, { b: "b" });
    await sync(options);
    await write(guestDir, { "only of the guest": "1" });
    const record = join(stateDir, "sync.json");
    const before = await Deno.readTextFile(record);
    const error = await assertRejects(
      () => prepareSync(other),
      UsageError,
      `Cannot sync: the guest's copy "${guestDir}" is of another project: "${hostDir}"`,
    );
    assertEquals(error.exit, 2);
    const start = `deno task arm-dev --project '${hostDir}' --share rsync`;
    assertEquals(error.details, [
      `this project: "${other.hostDir}"; nothing was copied`,
      `if both are one project, moved or renamed: rm ${record}`,
      "  what only the guest has is then copied to this project",
      `to bring the other one's work home: ${start}`,
      "after that, to make room for this one: deno task arm-dev-ssh --plain -- " +
      `sudo mv '${guestDir}' '${guestDir}.old'`,
      "  then deno task arm-dev-shutdown --force-after 60, and start it with this project again",
    ]);
    assertEquals(error.next, start);
    assertEquals(await namesIn(other.hostDir), ["b"]);
    assertEquals(await namesIn(guestDir), ["a", "only of the guest"]);
    assertEquals(await Deno.readTextFile(record), before);
    // The way home is open.
    assertEquals((await sync(options)).lines, ["to the host: 1", "  only of the guest"]);
  });
});

Deno.test("prepareSync() also refuses it for files that are never copied", async () => {
  await withLoopback(async (options) => {
    const other = await anotherProject(options);
    await write(options.hostDir, { ".gitignore": "target/\n" });
    await sync(options);
    await Deno.remove(join(options.guestDir, ".gitignore"));
    await write(options.guestDir, { "target/x.o": "x" });
    await assertRejects(() => prepareSync(other), UsageError);
  });
});

Deno.test("prepareSync() says what to do if the other project's directory is gone", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir, stateDir } = options;
    await write(hostDir, { a: "a" });
    await sync(options);
    await write(guestDir, { b: "b" });
    const moved = join(dirname(hostDir), "moved");
    await Deno.rename(hostDir, moved);
    const record = join(stateDir, "sync.json");
    const error = await assertRejects(
      () => prepareSync({ ...options, hostDir: moved }),
      UsageError,
    );
    assertEquals(error.details.slice(1, 5), [
      `if both are one project, moved or renamed: rm ${record}`,
      "  what only the guest has is then copied to this project",
      `the other one's directory is gone; to save its work in an empty directory DIR: rm ${record}`,
      "  then start the guest with it: deno task arm-dev --project DIR --share rsync",
    ]);
    assertEquals(error.next, `if both are one project: rm ${record}; if not, as above`);
    await Deno.remove(record);
    assertEquals((await sync({ ...options, hostDir: moved })).lines, ["to the host: 1", "  b"]);
    assertEquals(await read(moved, "b"), "b");
  });
});

Deno.test("prepareSync() starts over with another project once the copy is moved away", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir, stateDir } = options;
    const other = await anotherProject(options);
    await write(hostDir, { a: "a" });
    await write(other.hostDir, { b: "b" });
    await sync(options);
    await Deno.rename(guestDir, `${guestDir}.old`);
    // What the shutdown says then, and --force-after takes.
    await assertRejects(
      () => prepareSync(options),
      WorkError,
      `Cannot list "${guestDir}" for guest "loopback": there is no such directory`,
    );
    await Deno.mkdir(guestDir);
    assertEquals((await sync(other)).lines, ["to the guest: 1", "  b"]);
    assertEquals([await namesIn(other.hostDir), await namesIn(guestDir)], [["b"], ["b"]]);
    // It is the other one's from then on.
    await assertRejects(() => prepareSync(options), UsageError);
    assertEquals(await namesIn(stateDir), ["sync.json"]);
  });
});

Deno.test("prepareSync() knows whose copy it is after an interrupted sync", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    const other = await anotherProject(options);
    await write(hostDir, { a: "a" });
    await sync(options);
    await Deno.remove(join(guestDir, "a"));
    await write(other.hostDir, { b: "b" });
    const { run } = await prepareSync(other);
    await Deno.remove(join(other.hostDir, "b"));
    await run().catch(() => {});
    await write(guestDir, { c: "half a copy" });
    await assertRejects(() => prepareSync(options), UsageError, `"${other.hostDir}"`);
  });
});

Deno.test("prepareSync() ignores a damaged record, which loses nothing", async () => {
  await withLoopback(async (options) => {
    await write(options.hostDir, { a: "a" });
    await sync(options);
    const path = join(options.stateDir, "sync.json");
    const whole = JSON.parse(await Deno.readTextFile(path));
    const marks = [["a", null]];
    const broken = [
      '{"host": 1, "marks": 3',
      ...[{ ...whole, marks }, []].map((v) => JSON.stringify(v)),
    ];
    for (const text of broken) {
      await Deno.writeTextFile(path, text);
      await write(options.guestDir, { a: "changed" });
      assertEquals((await sync(options)).lines, ["changed on both sides, left alone: 1", "  a"]);
    }
  });
});
