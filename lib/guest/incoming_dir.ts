import { join } from "@std/path";
import { dirNames, exists, removeAll } from "../base/files/directories.ts";
import { tryLock } from "../base/files/lock.ts";

/** How the names of these directories begin, beside what they are for. */
const PREFIX = ".incoming-";

/** A private directory for files from a guest, until they are inspected. Disposal removes it. */
export interface IncomingDir extends AsyncDisposable {
  /** An empty directory. */
  readonly tree: string;
  /** A path for another file. */
  readonly path: string;
}

/** Makes an {@link IncomingDir} in `home`, and removes those of tasks that were killed. */
export async function makeIncomingDir(home: string): Promise<IncomingDir> {
  await sweep(home);
  while (true) {
    const path = await Deno.makeTempDir({ dir: home, prefix: PREFIX });
    const lock = await tryLock(lockOf(path), { purpose: "copy out of a guest" });
    // Another task that sweeps may find it before its lock is taken; then a new one is created.
    if (lock === undefined) continue;
    const tree = join(path, "tree");
    try {
      await Deno.mkdir(tree);
    } catch (error) {
      await using _held = lock;
      if (await exists(path)) throw error;
      await Deno.remove(lockOf(path));
      continue;
    }
    return {
      ...{ path, tree },
      async [Symbol.asyncDispose]() {
        await using _held = lock;
        await removeBoth(path);
      },
    };
  }
}

/** A file beside it: on NFS a directory takes no lock, and this one outlasts what it is for. */
const lockOf = (path: string): string => `${path}.lock`;

/** Called by the holder of the lock. */
async function removeBoth(path: string): Promise<void> {
  await removeAll(path);
  await Deno.remove(lockOf(path));
}

async function sweep(home: string): Promise<void> {
  for (const name of await dirNames(home)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(home, name);
    await using lock = await tryLock(lockOf(path));
    if (lock !== undefined) await removeBoth(path);
  }
}
