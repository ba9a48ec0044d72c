import { join } from "@std/path";
import { folderNames } from "../../base/files/folders.ts";
import { isLocked, tryLock } from "../../base/files/lock.ts";
import { imagesDir } from "../../base/files/paths.ts";
import { removeTree } from "../../base/process/remove_tree.ts";
import { imageHome } from "./current.ts";
import { buildingLock } from "./image_versions.ts";

/** A directory in which an image was, or is, being built. */
export interface UnfinishedVersion {
  readonly image: string;
  readonly path: string;
}

/** Of `Deno.makeTempDir()`: an unpacked root, or a version without its final name. */
const NAME = /^(?:tree|version)-[0-9a-f]{1,16}$/;

/** All of them: of builds that were killed, and of those under way. */
export async function listUnfinishedVersions(): Promise<UnfinishedVersion[]> {
  const found: UnfinishedVersion[] = [];
  for (const image of await folderNames(imagesDir())) {
    for (const name of await folderNames(imageHome(image))) {
      if (NAME.test(name)) found.push({ image, path: join(imageHome(image), name) });
    }
  }
  return found;
}

/** Whether its build is under way. */
export const isVersionBeingBuilt = ({ image }: UnfinishedVersion): Promise<boolean> =>
  isLocked(buildingLock(image));

/** Removes one; false while a task builds that image. */
export async function removeUnfinishedVersion(
  { image, path }: UnfinishedVersion,
): Promise<boolean> {
  await using building = await tryLock(buildingLock(image), { purpose: "gc" });
  if (building === undefined) return false;
  await removeTree(path);
  return true;
}

/** Removes what killed builds of an image left. The caller holds its lock. */
export async function sweepUnfinishedVersions(image: string): Promise<void> {
  for (const left of await listUnfinishedVersions()) {
    if (left.image === image) await removeTree(left.path);
  }
}
