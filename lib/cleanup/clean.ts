import { basename, join } from "@std/path";
import { diskBytes, exists, folderNames } from "../base/files/folders.ts";
import { isLocked, lockHolder, tryLock } from "../base/files/lock.ts";
import { nativeBuildDir } from "../base/files/paths.ts";
import { cacheDir } from "../ci/cache_disk.ts";
import { cacheLock, dropCache, listCaches } from "./cache_store.ts";
import { NATIVE, nativeHome, nativeLock } from "../ci/native.ts";
import {
  type Removable,
  type Removed,
  type RemoveOptions,
  removeStored,
  type Stored,
} from "./storage.ts";

/** What {@link clean} takes. */
export interface CleanOptions extends RemoveOptions {
  /** The project's folder; every project, if there is none. */
  readonly projectDir: string | undefined;
  /** Platforms, or `native`; all of them, if there are none. */
  readonly names: readonly string[];
}

/** What {@link clean} did. */
export interface CleanOutcome {
  readonly removed: readonly Removed[];
  /** What stays: who has it, or nobody where the disk is what keeps it from being removed. */
  readonly left: readonly (Stored & { readonly what: string; readonly holder?: string })[];
}

/** Drops what builds of a project have left for the next build: all of it can be made again. */
export async function clean(options: CleanOptions): Promise<CleanOutcome> {
  const { names } = options;
  const isWanted = (name: string) => names.length === 0 || names.includes(name);
  const items = [
    ...(await buildCaches(options)).filter(({ platform }) => isWanted(platform)),
    ...(isWanted(NATIVE) ? await nativeBuilds(options) : []),
  ];
  const removed: Removed[] = [];
  const left: CleanOutcome["left"][number][] = [];
  for (const { item, lock } of items) {
    const { kind, path, bytes, what } = item;
    if (await removeStored(item, options)) {
      removed.push({ kind, path, bytes, what, why: "it can be made again" });
      continue;
    }
    const holder = await isLocked(lock) ? await lockHolder(lock) || "another task" : undefined;
    left.push({ kind, path, bytes, what, ...(holder === undefined ? {} : { holder }) });
  }
  return { removed, left };
}

interface Cleanable {
  readonly platform: string;
  readonly item: Removable;
  readonly lock: string;
}

async function buildCaches({ projectDir }: CleanOptions): Promise<Cleanable[]> {
  const caches = (await listCaches()).filter(({ platform, dir }) =>
    projectDir === undefined || dir === cacheDir(platform, projectDir)
  );
  return caches.map((cache) => {
    const { platform, dir: path, bytes, record } = cache;
    const lock = cacheLock(cache);
    const item: Removable = {
      ...{ kind: "build cache", path, bytes },
      what: `${platform} ${record?.project ?? basename(path)}`,
      isBusy: () => isLocked(lock),
      remove: () => dropCache(cache),
    };
    return { platform, item, lock };
  });
}

async function nativeBuilds({ projectDir }: CleanOptions): Promise<Cleanable[]> {
  const homes = projectDir === undefined
    ? (await folderNames(nativeBuildDir())).map((name) => join(nativeBuildDir(), name))
    : [nativeHome(projectDir)];
  const found: Cleanable[] = [];
  for (const path of homes) {
    if (!await exists(path)) continue;
    const lock = nativeLock(path);
    const item: Removable = {
      ...{ kind: "native build", path, bytes: await diskBytes(path), what: basename(path) },
      isBusy: () => isLocked(lock),
      async remove() {
        await using held = await tryLock(lock, { purpose: "clean" });
        if (held === undefined) return false;
        // Links in it, such as the one to the project, are removed and not followed.
        await Deno.remove(path, { recursive: true });
        return true;
      },
    };
    found.push({ platform: NATIVE, item, lock });
  }
  return found;
}
