import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../base/host_testing.ts";
import { buildCachesDir } from "../base/files/paths.ts";
import { isBusy } from "../store/entry.ts";
import { listCaches, uselessCache } from "./cache_store.ts";

const IMAGE = "ab".repeat(32);

/** Puts a build cache with this record into the state; a text is one that is damaged. */
async function putCache(name: string, record: unknown): Promise<string> {
  const dir = join(buildCachesDir(), "p", name);
  await Deno.mkdir(dir, { recursive: true });
  const text = typeof record === "string" ? record : JSON.stringify(record);
  await Deno.writeTextFile(join(dir, "cache.json"), text);
  return dir;
}

Deno.test("uselessCache() keeps what the next build uses, and says why not for everything else", async () => {
  await using box = await sandbox();
  const good = { project: box.path, platform: "p", image: IMAGE, inUse: false };
  const facts = { known: true, imageDigest: IMAGE };
  const cases: [unknown, Partial<typeof facts> | { imageDigest: undefined }, string | undefined][] =
    [
      [good, {}, undefined],
      [good, { known: false }, "there is no longer such a platform"],
      ["{", {}, "its record is missing or damaged"],
      [{ ...good, project: join(box.path, "gone") }, {}, "its project is gone"],
      [{ ...good, image: "cd" }, {}, "it was filled by the tools of another image"],
      // An image that is being made may be the one that it was filled by.
      [{ ...good, image: "cd" }, { imageDigest: undefined }, undefined],
      [{ ...good, inUse: true }, {}, "the guest that had it was cut off"],
    ];
  for (const [record, more, why] of cases) {
    const path = await putCache("one", record);
    const [cache] = await listCaches();
    assertEquals(cache?.path, path);
    assertEquals(await uselessCache(cache!, { ...facts, ...more }), why);
  }
});

Deno.test("listCaches() lists caches used in the meantime as needed", async () => {
  await using box = await sandbox();
  const record = { project: box.path, platform: "p", image: IMAGE, inUse: false };
  const path = await putCache("one", record);
  const [cache] = await listCaches();
  assertEquals([cache?.what, await isBusy(cache!)], [`p ${box.path}`, false]);
  await Deno.utime(join(path, "cache.json"), 1, 1);
  assertEquals(await isBusy(cache!), true);
});
