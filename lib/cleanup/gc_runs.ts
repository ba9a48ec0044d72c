import { basename, join } from "@std/path";
import { leftRuns, leftSockets, removeLeft, runIds, socketsOf } from "../guest/runs.ts";
import { listTemporary } from "../base/files/atomic_write.ts";
import { dirNames, diskBytes } from "../base/files/directories.ts";
import { isLocked } from "../base/files/lock.ts";
import { imageCacheDir, imagesDir, runsDir, snapshotsDir, stateDir } from "../base/files/paths.ts";
import { removeTree } from "../base/process/remove_tree.ts";
import { listScratch } from "../base/process/scratch.ts";
import type { Listed } from "./storage.ts";

/** Runs: first those that were left behind, each with its lock held while it is looked at. */
export async function* listTheRuns(): AsyncGenerator<Listed> {
  const seen = new Set<string>();
  for await (const left of leftRuns()) {
    const { id, orphan, why } = left;
    seen.add(id);
    const kind = orphan === undefined ? "run" : "guest";
    yield { ...await runEntry(id), kind, why, remove: () => removeLeft(left) };
  }
  for (const id of await runIds()) if (!seen.has(id)) yield await runEntry(id);
}

async function runEntry(id: string): Promise<Listed> {
  const path = join(runsDir(), id);
  let bytes = await diskBytes(path);
  for (const dir of await socketsOf(id)) bytes += await diskBytes(dir);
  return { kind: "run", path, what: id, bytes, locks: [] };
}

/** Directories of sockets whose run is gone. */
export async function listSockets(): Promise<Listed[]> {
  return (await leftSockets()).map((path) => ({
    ...{ kind: "sockets", path, what: basename(path), locks: [], why: "its run is gone" },
  }));
}

/** How deep files lie that are written atomically: `snapshots/PLATFORM/KEY/snapshot.json`. */
const DEPTH = 3;

/** What killed tasks were just writing. */
export async function listTemporaryFiles(): Promise<Listed[]> {
  const found = new Set<string>();
  for (const dir of [stateDir(), imagesDir(), imageCacheDir(), snapshotsDir()]) {
    for (const path of await temporaryBelow(dir, DEPTH)) found.add(path);
  }
  return [...found].map((path) => ({
    ...{ kind: "unfinished file", path, what: basename(path), locks: [path] },
    why: "its writer is gone",
  }));
}

async function temporaryBelow(dir: string, depth: number): Promise<string[]> {
  const found = await listTemporary(dir);
  for (const name of depth > 0 ? await dirNames(dir) : []) {
    found.push(...await temporaryBelow(join(dir, name), depth - 1));
  }
  return found;
}

/** Temporary directories of killed tasks. */
export async function* listScratchLeft(): AsyncGenerator<Listed> {
  for (const path of await listScratch()) {
    // Here and gone again while tasks of any checkout run: nothing that is kept.
    if (await isLocked(path)) continue;
    yield {
      ...{ kind: "temporary files", path, what: basename(path), locks: [path] },
      why: "its task is gone",
      remove: () => removeTree(path),
    };
  }
}
