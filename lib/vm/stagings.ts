import { join } from "@std/path";
import { tryLock } from "../base/files/lock.ts";
import { folderNames } from "../base/files/folders.ts";
import { snapshotsDir, STAGING_PREFIX } from "../base/files/paths.ts";

/** The lock of the one task that saves a snapshot of this platform; beside what it protects. */
export const savingLock = (platform: string): string => join(snapshotsDir(), platform, "save.lock");

/** A folder for a snapshot's files until they are whole; goes when disposed, if it is still there. */
export async function makeStaging(platform: string): Promise<{ dir: string } & AsyncDisposable> {
  const home = join(snapshotsDir(), platform);
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  const dir = await Deno.makeTempDir({ dir: home, prefix: STAGING_PREFIX });
  return {
    dir,
    async [Symbol.asyncDispose]() {
      // Gone already if it was committed.
      await Deno.remove(dir, { recursive: true }).catch(() => {});
    },
  };
}

/** The folders of snapshots of a platform that are not finished, whoever makes them. */
export async function listStagings(platform: string): Promise<string[]> {
  const home = join(snapshotsDir(), platform);
  const names = await folderNames(home);
  return names.filter((name) => name.startsWith(STAGING_PREFIX)).map((name) => join(home, name));
}

/** Removes what killed tasks left. Only for the holder of {@link savingLock}. */
export async function removeStagings(platform: string): Promise<void> {
  for (const dir of await listStagings(platform)) {
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  }
}

/** Removes one such folder; false if a task saves a snapshot of that platform now. */
export async function dropStaging(platform: string, dir: string): Promise<boolean> {
  await using lock = await tryLock(savingLock(platform), { purpose: "gc" });
  if (lock === undefined) return false;
  await Deno.remove(dir, { recursive: true });
  return true;
}
