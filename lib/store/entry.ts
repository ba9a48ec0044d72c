import { join } from "@std/path";
import { dirNames, exists, removeAll } from "../base/files/directories.ts";
import { isLocked, tryExistingLock, tryLock } from "../base/files/lock.ts";

/** A file or a directory that guesthouse keeps on disk, and what keeps it from being removed. */
export interface Entry {
  /** For messages: `image`, `unfinished part`. */
  readonly kind: string;
  readonly path: string;
  /** What it is called in a table. */
  readonly what: string;
  /** Locks of its makers and users, in their order; one may be the entry itself. */
  readonly locks: readonly string[];
  /** The file that vouches for it: it is removed first, in case the removal is interrupted. */
  readonly voucher?: string;
  /** Whether a user without a lock needs it. Called while no use of it can begin. */
  isNeeded?(): Promise<boolean>;
  /** Removes it in another way than by its path. Called with the locks held. */
  remove?(): Promise<void>;
}

/** The directories `DIR/OWNER/NAME`, as which most kinds of entries are stored. */
export async function* ownedDirectories(
  dir: string,
): AsyncGenerator<{ readonly owner: string; readonly name: string; readonly path: string }> {
  for (const owner of await dirNames(dir)) {
    for (const name of await dirNames(join(dir, owner))) {
      yield { owner, name, path: join(dir, owner, name) };
    }
  }
}

/** Whether an entry is in use; changes nothing. */
export async function isBusy({ locks, isNeeded }: Entry): Promise<boolean> {
  for (const lock of locks) if (await isLocked(lock)) return true;
  return await isNeeded?.() ?? false;
}

/** Removes an entry under all its locks, unless it is in use. Returns whether it is gone. */
export async function removeEntry(entry: Entry, purpose = "gc"): Promise<boolean> {
  const { path, locks, voucher, isNeeded } = entry;
  if (!await exists(path)) return true;
  await using held = new AsyncDisposableStack();
  for (const lock of locks) {
    const taken = lock === path ? await tryExistingLock(lock) : await tryLock(lock, { purpose });
    if (taken === undefined) return !await exists(path);
    held.use(taken);
  }
  if (await isNeeded?.()) return false;
  if (voucher !== undefined) await Deno.remove(voucher).catch(() => {});
  if (entry.remove !== undefined) await entry.remove();
  else await removeAll(path);
  return true;
}
