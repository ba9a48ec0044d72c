import { basename, join } from "@std/path";
import { dirNames, exists, isAmong } from "../../base/files/directories.ts";
import { imagesDir } from "../../base/files/paths.ts";
import { listRecords } from "../../guest/runs.ts";
import { type Entry, removeEntry } from "../../store/entry.ts";
import { makerLock } from "../../store/unfinished.ts";
import { currentDir, imageHome, VERSION, versionLock } from "./current.ts";

/** A version of an image as `gc` lists it. */
interface StoredVersion extends Entry {
  /** Why it is not the current one, where it is not. */
  readonly why: string | undefined;
}

/** All versions of all images. Former ones can be removed unless `isNeeded` says otherwise. */
export async function storedVersions(
  isNeeded: (dir: string) => Promise<boolean>,
): Promise<StoredVersion[]> {
  const images = await dirNames(imagesDir());
  return (await Promise.all(images.map((image) => versionsOf(image, isNeeded)))).flat();
}

async function versionsOf(
  image: string,
  isNeeded: (dir: string) => Promise<boolean>,
): Promise<StoredVersion[]> {
  const versions: StoredVersion[] = [];
  for (const name of await dirNames(imageHome(image))) {
    if (!VERSION.test(name)) continue;
    const path = join(imageHome(image), name);
    versions.push({
      ...{ kind: "image", path, what: `${image}/${name}`, why: await whyFormer(image, path) },
      // While the image is being built its newest version is not the current one yet.
      locks: [makerLock("image", image), await lockOf(path)],
      isNeeded: async () => await whyFormer(image, path) === undefined || await isNeeded(path),
    });
  }
  return versions;
}

async function whyFormer(image: string, dir: string): Promise<string | undefined> {
  const current = await currentDir(image);
  if (current === undefined) return "no version of it is the current one";
  return current === dir ? undefined : `superseded by ${basename(current)}`;
}

/** What users of a version have locked; for old versions the directory itself. */
async function lockOf(dir: string): Promise<string> {
  return await exists(versionLock(dir)) ? versionLock(dir) : dir;
}

/**
 * Removes former versions that neither a task nor a guest uses. The caller holds the makers' lock.
 */
export async function removeFormerVersions(image: string): Promise<void> {
  for (const version of await versionsOf(image, haveGuestOn)) {
    await removeEntry({ ...version, locks: version.locks.slice(1) });
  }
}

/** Whether a guest is on record there. A record whose guest has ended goes with its run. */
async function haveGuestOn(dir: string): Promise<boolean> {
  return await isAmong(dir, (await listRecords()).map(({ imageDir }) => imageDir));
}
