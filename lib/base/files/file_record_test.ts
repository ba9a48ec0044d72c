import { delay } from "@std/async";
import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../host_testing.ts";
import { checkFile, fileRecordSchema, recordFile } from "./file_record.ts";

/** As long as a file counts as changed just now. */
const settle = () => delay(2_100);

/** A recorded file, and a look at it that counts how often it was read. */
async function recorded() {
  const box = await sandbox();
  const path = join(box.path, "file");
  await Deno.writeTextFile(path, "one");
  const record = await recordFile(path);
  const reads = { count: 0 };
  const check = (from = record) =>
    checkFile(path, from, {
      made: "built",
      async digestOf(file) {
        reads.count++;
        return (await recordFile(file)).sha256;
      },
    });
  return { path, record, check, reads, [Symbol.asyncDispose]: () => box[Symbol.asyncDispose]() };
}

Deno.test("checkFile() does not read a file that nobody has touched", async () => {
  await using file = await recorded();
  await settle();
  const record = await recordFile(file.path);
  assertEquals([await file.check(record), file.reads.count], [{ record }, 0]);
  // Not even where the record is wrong about it.
  const wrong = { ...record, sha256: "ab".repeat(32) };
  assertEquals([await file.check(wrong), file.reads.count], [{ record: wrong }, 0]);
});

for (const age of ["just now", "long ago"]) {
  Deno.test(`checkFile() sees a write to a file of ${age} that leaves its size and time`, async () => {
    await using file = await recorded();
    if (age === "long ago") await settle();
    const record = await recordFile(file.path);
    assertEquals(record.identity === "", age === "just now");
    const { atime, mtime } = await Deno.stat(file.path);
    await Deno.writeTextFile(file.path, "two");
    await Deno.utime(file.path, atime!, mtime!);
    const { fault } = await file.check(record);
    assertEquals(fault, "is damaged: its SHA-256 is not that of the file that was built");
  });
}

Deno.test("checkFile() reads a copy until it is some seconds old, then never again", async () => {
  await using file = await recorded();
  await Deno.rename(file.path, `${file.path}.old`);
  await Deno.copyFile(`${file.path}.old`, file.path);
  assertEquals([await file.check(), file.reads.count], [{ record: file.record }, 1]);
  await settle();
  const { record } = await file.check() as { record: typeof file.record };
  assertNotEquals(record, file.record);
  assertEquals([await file.check(record), file.reads.count], [{ record }, 2]);
});

Deno.test("checkFile() names a file that is gone, of another size, or a directory", async () => {
  await using file = await recorded();
  await Deno.truncate(file.path, 1);
  assertEquals((await file.check()).fault, "has 1 bytes, not the 3 that were built");
  await Deno.remove(file.path);
  assertEquals((await file.check()).fault, "is missing");
  await Deno.mkdir(file.path);
  assertEquals((await file.check()).fault, "is missing");
});

Deno.test("records of former versions have no identity, so their files are read once", async () => {
  await using file = await recorded();
  const { sha256, bytes } = file.record;
  const former = fileRecordSchema.parse({ sha256, bytes, mtimeMs: 1 });
  assertEquals([(await file.check(former)).fault, file.reads.count], [undefined, 1]);
});
