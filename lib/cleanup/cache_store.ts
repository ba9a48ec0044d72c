import { join } from "@std/path";
import { changedMs, exists } from "../base/files/directories.ts";
import { buildCachesDir } from "../base/files/paths.ts";
import { CACHE_FILES, type CacheRecord, readCacheRecord, recordFault } from "../ci/cache_disk.ts";
import { type Entry, ownedDirectories } from "../store/entry.ts";

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
  for await (const { owner, name, path } of ownedDirectories(buildCachesDir())) {
    const record = await readCacheRecord(path);
    const voucher = join(path, CACHE_FILES.record);
    const usedMs = await changedMs(voucher);
    caches.push({
      ...{ kind: "build cache", path, platform: owner, record, voucher, usedMs },
      what: `${owner} ${record?.project ?? name}`,
      locks: [join(path, CACHE_FILES.lock)],
      isNeeded: async () => await changedMs(voucher) !== usedMs,
    });
  }
  return caches;
}

/** Why no build would use a cache, or `undefined`. */
export async function uselessCache(
  { record }: StoredCache,
  { known, imageDigest }: {
    /** Whether there is such a platform. */
    readonly known: boolean;
    /** Of what is in its current image; `undefined` if it has none now. */
    readonly imageDigest: string | undefined;
  },
): Promise<string | undefined> {
  if (!known) return "there is no longer such a platform";
  if (record !== undefined && !await exists(record.project)) return "its project is gone";
  return recordFault(record, imageDigest);
}
