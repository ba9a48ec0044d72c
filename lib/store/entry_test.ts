import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { exists } from "../base/files/directories.ts";
import { acquireLock, tryExistingLock, trySharedLock } from "../base/files/lock.ts";
import { sandbox } from "../base/host_testing.ts";
import { type Entry, isBusy, ownedDirectories, removeEntry } from "./entry.ts";

/** An entry with two locks, one of them in it. */
async function place(dir: string): Promise<Entry> {
  const path = join(dir, "entry");
  await Deno.mkdir(path);
  for (const name of ["record", "data", "lock"]) await Deno.writeTextFile(join(path, name), name);
  return {
    ...{ kind: "thing", path, what: "entry", voucher: join(path, "record") },
    locks: [join(dir, "maker.lock"), join(path, "lock")],
  };
}

Deno.test("removeEntry() removes an unused entry, and accepts a missing one", async () => {
  await using box = await sandbox();
  const entry = await place(box.path);
  assertEquals([await isBusy(entry), await removeEntry(entry)], [false, true]);
  assertEquals(await exists(entry.path), false);
  assertEquals(await removeEntry(entry), true);
  // Nor is it made again by taking its lock.
  assertEquals(await exists(entry.path), false);
});

Deno.test("removeEntry() keeps an entry that is locked, or needed without a lock", async () => {
  await using box = await sandbox();
  const entry = await place(box.path);
  const users = [
    () => acquireLock(join(box.path, "maker.lock")),
    () => trySharedLock(join(entry.path, "lock")),
  ];
  for (const use of users) {
    await using _user = await use();
    assertEquals([await isBusy(entry), await removeEntry(entry)], [true, false]);
  }
  const needed = { ...entry, isNeeded: () => Promise.resolve(true) };
  assertEquals([await isBusy(needed), await removeEntry(needed)], [true, false]);
  for (const name of ["record", "data", "lock"]) assert(await exists(join(entry.path, name)), name);
});

Deno.test("removeEntry() asks whether an entry is needed while it holds the lock", async () => {
  await using box = await sandbox();
  const entry = await place(box.path);
  const isNeeded = async () => {
    for (const lock of entry.locks) assertEquals(await trySharedLock(lock), undefined);
    return false;
  };
  assertEquals(await removeEntry({ ...entry, isNeeded }), true);
});

Deno.test("removeEntry() that is interrupted leaves nothing that vouches for the rest", async () => {
  await using box = await sandbox();
  const entry = await place(box.path);
  const cut = { ...entry, remove: () => Promise.reject(new Error("cut short")) };
  await assertRejects(() => removeEntry(cut), Error, "cut short");
  assertEquals([await exists(entry.voucher!), await exists(entry.path)], [false, true]);
});

Deno.test("removeEntry() accepts an entry that is its own lock", async () => {
  await using box = await sandbox();
  const entry = { ...await place(box.path), locks: [join(box.path, "entry")] };
  {
    await using _user = await tryExistingLock(entry.path);
    assertEquals([await isBusy(entry), await removeEntry(entry)], [true, false]);
  }
  assertEquals(await removeEntry(entry), true);
});

Deno.test("ownedDirectories() lists the directories of each owner, and nothing if there are none", async () => {
  await using box = await sandbox();
  for (const path of ["a/one", "a/two", "b/one"]) {
    await Deno.mkdir(join(box.path, path), { recursive: true });
  }
  await Deno.writeTextFile(join(box.path, "a/file"), "");
  const found = await Array.fromAsync(ownedDirectories(box.path));
  assertEquals(found.map(({ owner, name }) => `${owner}/${name}`), ["a/one", "a/two", "b/one"]);
  assertEquals(await Array.fromAsync(ownedDirectories(join(box.path, "none"))), []);
});
