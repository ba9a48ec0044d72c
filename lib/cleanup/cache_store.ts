import { join } from "@std/path";
import { diskBytes, exists, folderNames } from "../base/files/folders.ts";
import { tryLock } from "../base/files/lock.ts";
import { buildCachesDir } from "../base/files/paths.ts";
import { CACHE_FILES, type CacheRecord, readCacheRecord } from "../ci/cache_disk.ts";

/** A build cache as `gc` and `clean` list it. */
export interface StoredCache {
  readonly dir: string;
  readonly platform: string;
  /** `undefined` if it is missing or damaged. */
  readonly record: CacheRecord | undefined;
  /** What it takes on disk. */
  readonly bytes: number;
  /** When it was last used, in milliseconds since 1970; 0 if that is not known. */
  readonly usedMs: number;
}

/** All build caches, of every project. */
export async function listCaches(): Promise<StoredCache[]> {
  const caches: StoredCache[] = [];
  for (const platform of await folderNames(buildCachesDir())) {
    for (const name of await folderNames(join(buildCachesDir(), platform))) {
      const dir = join(buildCachesDir(), platform, name);
      const record = await readCacheRecord(dir);
      caches.push({
        ...{ dir, platform },
        record,
        bytes: await diskBytes(dir),
        usedMs: await usedMs(dir),
      });
    }
  }
  return caches;
}

async function usedMs(dir: string): Promise<number> {
  const info = await Deno.stat(join(dir, CACHE_FILES.record)).catch(() => undefined);
  return info?.mtime?.getTime() ?? 0;
}

/** The lock of whoever has a build cache. */
export const cacheLock = ({ dir }: Pick<StoredCache, "dir">): string => join(dir, CACHE_FILES.lock);

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

/**
 * Removes a build cache. Returns whether it is gone: not while a task has it, nor if one has used it
 * since it was listed.
 */
export async function dropCache(cache: StoredCache): Promise<boolean> {
  if (!await exists(cache.dir)) return true;
  await using lock = await tryLock(cacheLock(cache), { purpose: "remove it" });
  if (lock === undefined || await usedMs(cache.dir) !== cache.usedMs) return false;
  // First what vouches for the disk, in case this is interrupted.
  await Deno.remove(join(cache.dir, CACHE_FILES.record)).catch(() => {});
  await Deno.remove(cache.dir, { recursive: true });
  return true;
}
