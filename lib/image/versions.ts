import { join } from "@std/path";
import { readSidecar } from "../cache/sidecar.ts";
import { exists, folderNames } from "../host/folders.ts";
import { isLocked, tryExistingLock, tryLock } from "../host/lock.ts";
import { IMAGE_FILES, imagesDir, runsDir } from "../host/paths.ts";
import { imageHome, imageSidecar, imageVersionDir } from "./image.ts";

/** A version of an image, finished or not. */
export interface StoredVersion {
  readonly image: string;
  readonly dir: string;
  /** Why it is not the current one, where it is not. */
  readonly why?: string;
}

const VERSION = /^[0-9a-f]{16}$/;

/** The lock of whoever builds an image of that name. */
export const buildingLock = (name: string): string => join(imageHome(name), "lock");

/** The folder and key of the version that guests start from now. */
export async function currentVersion(
  name: string,
): Promise<{ readonly dir: string; readonly key: string } | undefined> {
  const sidecar = await readSidecar(imageSidecar(name));
  if (sidecar.kind !== "recipe") return undefined;
  const { key } = sidecar.recipe;
  return { key, dir: imageVersionDir(name, key) };
}

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
  const current = await currentVersion(image);
  if (current === undefined) return `${IMAGE_FILES.sidecar} is missing or damaged`;
  return current.dir === dir ? undefined : `superseded by ${current.key.slice(0, 16)}`;
}

/** Whether a task builds that image or starts a guest from that version just now. */
export async function isVersionBusy({ image, dir }: StoredVersion): Promise<boolean> {
  return await isLocked(buildingLock(image)) || await isLocked(dir);
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
 * Removes former versions of an image, except those from which a guest may still run. The run
 * records say so; a record whose guest is gone is removed with its run, and the version next time.
 */
export async function removeUnusedVersions(home: string, currentKey: string): Promise<void> {
  for (const name of await folderNames(home)) {
    if (!VERSION.test(name) || currentKey.startsWith(name)) continue;
    const dir = join(home, name);
    await removeUnlessLocked(dir, async () => (await usedDirs()).has(dir));
  }
}

async function removeUnlessLocked(
  dir: string,
  isNeeded: () => Promise<boolean>,
): Promise<boolean> {
  await using lock = await tryExistingLock(dir);
  if (lock === undefined) return !await exists(dir);
  if (await isNeeded()) return false;
  await Deno.remove(dir, { recursive: true });
  return true;
}

async function usedDirs(): Promise<Set<string>> {
  const dirs = new Set<string>();
  try {
    for await (const entry of Deno.readDir(runsDir())) {
      const text = await Deno.readTextFile(join(runsDir(), entry.name, "run.json")).catch(() => "");
      const dir = /"imageDir": "(.*)"/.exec(text)?.[1];
      if (dir !== undefined) dirs.add(JSON.parse(`"${dir}"`));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return dirs;
}
