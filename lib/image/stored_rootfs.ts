import { join } from "@std/path";
import { recipeKey } from "../cache/recipe.ts";
import type { Platform } from "../config/platform.ts";
import { fileNames } from "../host/folders.ts";
import { isLocked, tryLock } from "../host/lock.ts";
import { imageCacheDir } from "../host/paths.ts";
import { rootfsInputs } from "./image.ts";
import { buildingLock } from "./versions.ts";

/** The packages of an image as one file, from which its later stages are made. */
export interface StoredRootfs {
  readonly image: string;
  readonly path: string;
  /** Why no build would use it, where none would. */
  readonly why?: string;
}

/** As `ensureRootfs()` in build.ts names them; a part is what a build writes. */
const NAME = /^(\.part-)?rootfs-(.+)-([0-9a-f]{16})-(?:now|first-boot)\.tar\.zst$/;

/** All of them. One of a platform that is not among these may be of use to another checkout. */
export async function listRootfs(platforms: readonly Platform[]): Promise<StoredRootfs[]> {
  const listed: StoredRootfs[] = [];
  for (const name of await fileNames(imageCacheDir())) {
    const [match, part, image = "", key] = NAME.exec(name) ?? [];
    if (match === undefined) continue;
    const platform = platforms.find((platform) => platform.name === image);
    const why = part !== undefined
      ? "its build did not get to its end"
      : platform !== undefined && await rootfsKey(platform) !== key
      ? "its recipe has changed"
      : undefined;
    const path = join(imageCacheDir(), name);
    listed.push({ image, path, ...(why === undefined ? {} : { why }) });
  }
  return listed;
}

async function rootfsKey(platform: Platform): Promise<string> {
  return (await recipeKey(rootfsInputs(platform))).key.slice(0, 16);
}

/** Whether a task builds that image just now. */
export const isRootfsBusy = ({ image }: StoredRootfs): Promise<boolean> =>
  isLocked(buildingLock(image));

/** Removes one; false while a task builds that image. */
export async function removeRootfs({ image, path }: StoredRootfs): Promise<boolean> {
  await using building = await tryLock(buildingLock(image), { purpose: "gc" });
  if (building === undefined) return false;
  await Deno.remove(path);
  return true;
}
