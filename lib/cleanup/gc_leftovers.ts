import { basename, join } from "@std/path";
import { listTemporary, removeStale } from "../base/files/atomic_write.ts";
import { diskBytes, folderNames } from "../base/files/folders.ts";
import { isLocked } from "../base/files/lock.ts";
import { imageCacheDir, imagesDir, snapshotsDir, stateDir } from "../base/files/paths.ts";
import { isScratchBusy, listScratch, removeScratch } from "../base/process/scratch.ts";
import {
  isVersionBeingBuilt,
  listUnfinishedVersions,
  removeUnfinishedVersion,
} from "../image/platform/unfinished_versions.ts";
import type { Bin } from "./storage.ts";

/** Removes what killed tasks were just making: images, files, and their temporary directories. */
export async function sweepLeftovers(bin: Bin): Promise<void> {
  for (const left of await listUnfinishedVersions()) {
    const { image, path } = left;
    await bin.sort({
      ...{ kind: "unfinished image", path, bytes: await diskBytes(path) },
      what: `${image}/${basename(path)}`,
      isBusy: () => isVersionBeingBuilt(left),
      remove: () => removeUnfinishedVersion(left),
    }, "its build did not get to its end");
  }
  const gone = bin.removed.map(({ path }) => `${path}/`);
  for (const path of await temporaryFiles()) {
    // With --dry-run it is still there.
    if (gone.some((dir) => path.startsWith(dir))) continue;
    await bin.sort({
      ...{ kind: "unfinished file", path, what: basename(path), bytes: await diskBytes(path) },
      isBusy: () => isLocked(path),
      remove: () => removeStale(path),
    }, "its writer is gone");
  }
  for (const path of await listScratch()) {
    // Here and gone again while tasks of any checkout run: nothing that is kept.
    if (await isScratchBusy(path)) continue;
    await bin.sort({
      ...{ kind: "temporary files", path, what: basename(path), bytes: await diskBytes(path) },
      isBusy: () => isScratchBusy(path),
      remove: () => removeScratch(path),
    }, "its task is gone");
  }
}

/** How deep files lie that are written atomically: `snapshots/PLATFORM/KEY/snapshot.json`. */
const DEPTH = 3;

async function temporaryFiles(): Promise<string[]> {
  const found = new Set<string>();
  for (const dir of [stateDir(), imagesDir(), imageCacheDir(), snapshotsDir()]) {
    for (const path of await temporaryBelow(dir, DEPTH)) found.add(path);
  }
  return [...found];
}

async function temporaryBelow(dir: string, depth: number): Promise<string[]> {
  const found = await listTemporary(dir);
  for (const name of depth > 0 ? await folderNames(dir) : []) {
    found.push(...await temporaryBelow(join(dir, name), depth - 1));
  }
  return found;
}
