import { basename, join } from "@std/path";
import { z } from "zod";
import { readJson } from "../../base/files/read_json.ts";
import { exists, folderNames, realPath } from "../../base/files/folders.ts";
import { isLocked, tryExistingLock, tryLock } from "../../base/files/lock.ts";
import { imagesDir, RUN_FILES, runsDir } from "../../base/files/paths.ts";
import { currentDir, imageHome, VERSION, versionLock } from "./current.ts";

/** A version of an image, finished or not. */
export interface StoredVersion {
  readonly image: string;
  readonly dir: string;
  /** Why it is not the current one, where it is not. */
  readonly why?: string;
}

/** The lock of whoever builds an image of that name. */
export const buildingLock = (name: string): string => join(imageHome(name), "lock");

/** All versions of all images. */
export async function listVersions(): Promise<StoredVersion[]> {
  const versions: StoredVersion[] = [];
  for (const image of await folderNames(imagesDir())) {
    for (const name of await folderNames(imageHome(image))) {
      if (!VERSION.test(name)) continue;
      const dir = join(imageHome(image), name);
      const why = await whyFormer(image, dir);
      versions.push({ image, dir, ...(why === undefined ? {} : { why }) });
    }
  }
  return versions;
}

async function whyFormer(image: string, dir: string): Promise<string | undefined> {
  const current = await currentDir(image);
  if (current === undefined) return "no version of it is the current one";
  return current === dir ? undefined : `superseded by ${basename(current)}`;
}

/** Whether a task builds that image or starts a guest from that version just now. */
export async function isVersionBusy({ image, dir }: StoredVersion): Promise<boolean> {
  return await isLocked(buildingLock(image)) || await isLocked(await lockOf(dir));
}

/**
 * What those who use a version have locked. Versions of former guesthouses have no lock of their own:
 * there the directory itself is locked.
 */
async function lockOf(dir: string): Promise<string> {
  return await exists(versionLock(dir)) ? versionLock(dir) : dir;
}

/**
 * Removes a former version. Returns whether it is gone: not while the image is being built, since
 * its newest version is the current one only at the end; not while a task has it (`useImage()`); and
 * not if `isNeeded` says so, which is asked while no task can begin to use it.
 */
export async function removeVersion(
  { image, dir }: StoredVersion,
  isNeeded: () => Promise<boolean>,
): Promise<boolean> {
  await using building = await tryLock(buildingLock(image), { purpose: "gc" });
  if (building === undefined || await whyFormer(image, dir) === undefined) return false;
  return await removeUnlessLocked(dir, isNeeded);
}

/**
 * Removes former versions of an image, except those which a task uses, and those from which a guest
 * runs that has outlived its task. The caller holds the lock of those who build it.
 */
export async function removeFormerVersions(image: string): Promise<void> {
  const current = await currentDir(image);
  for (const name of await folderNames(imageHome(image))) {
    const dir = join(imageHome(image), name);
    if (VERSION.test(name) && dir !== current) {
      await removeUnlessLocked(dir, () => haveGuestOn(dir));
    }
  }
}

async function removeUnlessLocked(
  dir: string,
  isNeeded: () => Promise<boolean>,
): Promise<boolean> {
  await using lock = await tryExistingLock(await lockOf(dir));
  if (lock === undefined) return !await exists(dir);
  if (await isNeeded()) return false;
  await Deno.remove(dir, { recursive: true });
  return true;
}

/** All that counts here of the record of a run (`lib/guest/runs.ts`). */
const runSchema = z.object({ imageDir: z.string() });

/** Whether a guest is on record there. A record whose guest has ended goes with its run. */
async function haveGuestOn(dir: string): Promise<boolean> {
  for (const id of await folderNames(runsDir())) {
    const path = join(runsDir(), id, RUN_FILES.record);
    const record = await readJson(path, runSchema).catch(() => undefined);
    if (record !== undefined && await realPath(record.imageDir) === await realPath(dir)) {
      return true;
    }
  }
  return false;
}
