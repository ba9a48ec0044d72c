import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../host/testing.ts";
import { CACHE_FILES, readCacheRecord } from "./cache_disk.ts";

const RECORD = { project: "/p", platform: "debian-amd64", image: "ab".repeat(32), inUse: false };

Deno.test("readCacheRecord() takes what was written, and anything else for none", async () => {
  await using box = await sandbox();
  const readAs = async (value: unknown) => {
    await Deno.writeTextFile(join(box.path, CACHE_FILES.record), JSON.stringify(value));
    return await readCacheRecord(box.path);
  };
  for (const record of [RECORD, { ...RECORD, configured: "key" }]) {
    assertEquals(await readAs(record), record);
  }
  const damaged = [{ project: null }, { project: undefined }, { configured: {} }, { image: 1 }];
  for (const facts of [...damaged, { inUse: "no" }]) {
    assertEquals(await readAs({ ...RECORD, ...facts }), undefined, JSON.stringify(facts));
  }
  for (const value of [null, [], 1]) assertEquals(await readAs(value), undefined);
});
