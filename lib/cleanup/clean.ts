import { basename, join } from "@std/path";
import { dirNames, exists } from "../base/files/directories.ts";
import { isLocked, lockHolder } from "../base/files/lock.ts";
import { nativeBuildDir } from "../base/files/paths.ts";
import { cacheDir } from "../ci/cache_disk.ts";
import { NATIVE, nativeHome, nativeLock } from "../ci/native.ts";
import type { Entry } from "../store/entry.ts";
import { listCaches } from "./cache_store.ts";
import { type Removed, type RemoveOptions, removeStored, sized, type Stored } from "./storage.ts";

interface CleanOptions extends RemoveOptions {
  /** The project's directory; every project, if there is none. */
  readonly projectDir: string | undefined;
  /** Platforms, or `native`; all of them, if there are none. */
  readonly names: readonly string[];
}

interface CleanOutcome {
  readonly removed: readonly Removed[];
  /** What stays, and its holder; without one, the disk prevented its removal. */
  readonly left: readonly (Stored & { readonly what: string; readonly holder?: string })[];
}

/** Drops what builds of a project have left for the next build: all of it can be made again. */
export async function clean(options: CleanOptions): Promise<CleanOutcome> {
  const { names, projectDir } = options;
  const removed: Removed[] = [];
  const left: CleanOutcome["left"][number][] = [];
  for (const entry of [...await buildCaches(projectDir), ...await nativeBuilds(projectDir)]) {
    if (names.length > 0 && !names.includes(entry.platform)) continue;
    const item = await sized(entry);
    const one = await removeStored(item, "it can be made again", options);
    if (one !== undefined) {
      removed.push(one);
      continue;
    }
    const [lock = ""] = item.locks;
    const holder = await isLocked(lock) ? await lockHolder(lock) || "another task" : undefined;
    const { kind, path, bytes, what } = item;
    left.push({ kind, path, bytes, what, ...(holder === undefined ? {} : { holder }) });
  }
  return { removed, left };
}

type Cleanable = Entry & { readonly platform: string };

async function buildCaches(projectDir: string | undefined): Promise<Cleanable[]> {
  return (await listCaches()).filter(({ platform, path }) =>
    projectDir === undefined || path === cacheDir(platform, projectDir)
  );
}

async function nativeBuilds(projectDir: string | undefined): Promise<Cleanable[]> {
  const homes = projectDir === undefined
    ? (await dirNames(nativeBuildDir())).map((name) => join(nativeBuildDir(), name))
    : await exists(nativeHome(projectDir))
    ? [nativeHome(projectDir)]
    : [];
  // Links in one, such as that to the project, are removed and not followed.
  return homes.map((path) => ({
    ...{ kind: "native build", platform: NATIVE, path, what: basename(path) },
    locks: [nativeLock(path)],
  }));
}
