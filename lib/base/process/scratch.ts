import { basename, join } from "@std/path";
import { dirNames } from "../files/directories.ts";
import { tryExistingLock } from "../files/lock.ts";
import { removeTree } from "./remove_tree.ts";
import { tempDirs } from "../files/paths.ts";
import { makeTemp, type TempNeeds } from "../files/temp.ts";

/** What temporary directories are for; part of their names. */
const PURPOSES = ["rootfs", "sync", "update", "seed", "nix", "bench", "git", "junit"] as const;

/** What a temporary directory is for. */
type ScratchPurpose = typeof PURPOSES[number];

/** A temporary directory of this task. Disposal removes it. */
interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/** Other names than those of versions that did not lock theirs. */
const PREFIX = "guesthouse-tmp-";
const NAME = new RegExp(`^${PREFIX}(?:${PURPOSES.join("|")})-[0-9a-f]{1,16}$`);

/**
 * Makes a temporary directory for this user alone (0700), locked while this task lives, so that
 * `gc` recognizes leftovers. Throws what {@link makeTemp} does.
 */
export async function makeScratch(
  purpose: ScratchPurpose,
  needs: TempNeeds = {},
): Promise<Scratch> {
  while (true) {
    const prefix = `${PREFIX}${purpose}-`;
    const path = await makeTemp((dir) => Deno.makeTempDir({ dir, prefix }), needs);
    const lock = await tryExistingLock(path);
    // A sweep elsewhere has taken it for a leftover.
    if (lock === undefined) continue;
    return {
      path,
      async [Symbol.asyncDispose]() {
        // What cannot be removed now is a leftover from here on: gc and the next build try again.
        const remove = purpose === "rootfs" ? removeTree : removePlain;
        await remove(path).catch(() => {});
        await lock[Symbol.asyncDispose]();
      },
    };
  }
}

/** For directories that only this task has written to, and nothing was mounted in. */
const removePlain = (path: string): Promise<void> => Deno.remove(path, { recursive: true });

/** All temporary directories of this user, those in use included. */
export async function listScratch(): Promise<string[]> {
  const found: string[] = [];
  for (const dir of tempDirs()) {
    for (const name of await dirNames(dir).catch(() => [])) {
      if (!NAME.test(name)) continue;
      const info = await Deno.lstat(join(dir, name)).catch(() => undefined);
      if (info?.uid === Deno.uid()) found.push(join(dir, name));
    }
  }
  return found;
}

/** Removes the temporary directory of a killed task; false while its task runs. */
export async function removeScratch(path: string): Promise<boolean> {
  await using lock = await tryExistingLock(path);
  if (lock === undefined) return false;
  await removeTree(path);
  return true;
}

/** Removes what killed tasks left of one purpose. What cannot be removed stays for the next sweep. */
export async function sweepScratch(purpose: ScratchPurpose): Promise<void> {
  for (const path of await listScratch()) {
    if (!basename(path).startsWith(`${PREFIX}${purpose}-`)) continue;
    await removeScratch(path).catch(() => {});
  }
}
