import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../base/errors.ts";
import { exists } from "../base/files/directories.ts";
import { tryLock } from "../base/files/lock.ts";
import { sandbox } from "../base/host_testing.ts";
import type { Entry } from "../store/entry.ts";
import { removeStored, sized, totalBytes } from "./storage.ts";

/** An entry with a lock, and what {@link removeStored} says of it. */
async function setUp() {
  const box = await sandbox();
  const [path, lock] = [join(box.path, "thing"), join(box.path, "lock")];
  await Deno.writeTextFile(path, "content");
  const warnings: string[] = [];
  const { signal } = new AbortController();
  const remove = async (more: Partial<Entry> = {}, dryRun = false) => {
    const item = await sized({ kind: "thing", path, what: "a thing", locks: [lock], ...more });
    const onWarning = (text: string) => void warnings.push(text);
    return await removeStored(item, "it is old", { dryRun, signal, onWarning });
  };
  return { path, lock, warnings, remove, [Symbol.asyncDispose]: () => box[Symbol.asyncDispose]() };
}

Deno.test("removeStored() removes unused entries, and says what it removed and why", async () => {
  await using box = await setUp();
  const removed = await box.remove();
  assertEquals([removed?.kind, removed?.what, removed?.why], ["thing", "a thing", "it is old"]);
  assertEquals([removed!.bytes > 0, await exists(box.path)], [true, false]);
});

Deno.test("removeStored() with --dry-run lists what it would remove, and removes nothing", async () => {
  await using box = await setUp();
  assertEquals((await box.remove({}, true))?.path, box.path);
  {
    await using _held = await tryLock(box.lock);
    assertEquals(await box.remove({}, true), undefined);
  }
  assertEquals(await box.remove({ isNeeded: () => Promise.resolve(true) }, true), undefined);
  assertEquals(await exists(box.path), true);
});

Deno.test("removeStored() leaves alone what is in use, without a warning", async () => {
  await using box = await setUp();
  {
    await using _held = await tryLock(box.lock);
    assertEquals(await box.remove(), undefined);
  }
  assertEquals(await box.remove({ isNeeded: () => Promise.resolve(true) }), undefined);
  assertEquals([await exists(box.path), box.warnings], [true, []]);
});

Deno.test("removeStored() warns about entries that the disk or host prevents it from removing", async () => {
  await using box = await setUp();
  const cases: [() => Promise<void>, string][] = [
    [() => Promise.reject(new Error("Read-only (os error 30)")), "Cannot remove the thing "],
    [() => Promise.reject(new HostError("no rights")), "Cannot remove the thing "],
    [() => Promise.resolve(), "Cannot remove all of the thing "],
  ];
  for (const [remove, begin] of cases) {
    assertEquals(await box.remove({ remove }), undefined);
    assertEquals(box.warnings.pop()?.startsWith(begin + box.path), true, begin);
  }
  const bug = () => Promise.reject(new TypeError("bug"));
  await assertRejects(() => box.remove({ remove: bug }), TypeError, "bug");
});

Deno.test("totalBytes() adds up", () => {
  const one = { kind: "x", path: "/x" };
  assertEquals(totalBytes([]), 0);
  assertEquals(totalBytes([{ ...one, bytes: 2 }, { ...one, bytes: 3 }]), 5);
});
