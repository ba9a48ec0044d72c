import { basename, join } from "@std/path";
import { exists, folderNames } from "../base/files/folders.ts";
import { buildCachesDir } from "../base/files/paths.ts";
import { CACHE_FILES, type CacheRecord, readCacheRecord } from "../ci/cache_disk.ts";
import type { Entry } from "../store/entry.ts";

/** A build cache as `gc` and `clean` list it. */
interface StoredCache extends Entry {
  readonly platform: string;
  /** `undefined` if it is missing or damaged. */
  readonly record: CacheRecord | undefined;
  /** When it was last used, in milliseconds since 1970; 0 if that is not known. */
  readonly usedMs: number;
}

/** All build caches, of every project. One that was used since is not removed. */
export async function listCaches(): Promise<StoredCache[]> {
  const caches: StoredCache[] = [];
  for (const platform of await folderNames(buildCachesDir())) {
    for (const name of await folderNames(join(buildCachesDir(), platform))) {
      const path = join(buildCachesDir(), platform, name);
      const record = await readCacheRecord(path);
      const voucher = join(path, CACHE_FILES.record);
      const used = async () => (await Deno.stat(voucher).catch(() => undefined))?.mtime?.getTime();
      const usedMs = await used() ?? 0;
      caches.push({
        ...{ kind: "build cache", path, platform, record, voucher, usedMs },
        what: `${platform} ${record?.project ?? basename(path)}`,
        locks: [join(path, CACHE_FILES.lock)],
        isNeeded: async () => (await used() ?? 0) !== usedMs,
      });
    }
  }
  return caches;
}

/** Why no build would use a cache as it is, or `undefined`. */
export async function uselessCache(
  { record }: StoredCache,
  { known, imageDigest }: {
    /** Whether there is such a platform. */
    readonly known: boolean;
    /** Of what is in its current image; `undefined` if it has none now. */
    readonly imageDigest: string | undefined;
  },
): Promise<string | undefined> {
  if (!known) return "there is no such platform any more";
  if (record === undefined) return "its record is missing or damaged";
  if (!await exists(record.project)) return "its project is gone";
  if (imageDigest !== undefined && record.image !== imageDigest) {
    return "it was filled by the tools of another image";
  }
  return record.inUse ? "the guest that had it was cut off" : undefined;
}
