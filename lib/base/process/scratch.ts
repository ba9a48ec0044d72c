import { basename, join } from "@std/path";
import { dirNames } from "../files/directories.ts";
import { tryExistingLock } from "../files/lock.ts";
import { removeTree } from "./remove_tree.ts";
import { refuseOpenTemp } from "../files/others_write.ts";

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
 * `gc` recognizes leftovers. Throws `HostError` if another user could replace it.
 */
export async function makeScratch(purpose: ScratchPurpose): Promise<Scratch> {
  while (true) {
    const path = await Deno.makeTempDir({ prefix: `${PREFIX}${purpose}-` });
    await refuseOpenTemp(path);
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

/** All temporary directories of this user in `TMPDIR`, those in use included. */
export async function listScratch(): Promise<string[]> {
  const dir = Deno.env.get("TMPDIR") || "/tmp";
  const found: string[] = [];
  for (const name of await dirNames(dir)) {
    if (!NAME.test(name)) continue;
    const info = await Deno.lstat(join(dir, name)).catch(() => undefined);
    if (info?.uid === Deno.uid()) found.push(join(dir, name));
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
