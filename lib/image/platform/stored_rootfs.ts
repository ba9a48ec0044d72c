import { join } from "@std/path";
import { dropKept } from "../../store/vouched.ts";
import type { Platform } from "../../config/platform.ts";
import { fileNames } from "../../base/files/folders.ts";
import { isLocked, tryLock } from "../../base/files/lock.ts";
import { imageCacheDir } from "../../base/files/paths.ts";
import { rootfsInputs } from "./platform_image.ts";
import { ARCHS } from "../../config/archs.ts";
import { VARIANTS } from "../../config/parts.ts";
import { variantRootfsInputs, variantRootfsName } from "../parts/variant.ts";
import { parseRootfsName, rootfsKey, rootfsLock } from "../system/debian/rootfs_tar.ts";

/** The packages of an image as one file, from which its later stages are made. */
export interface StoredRootfs {
  /** Of the image, or of the variant with its architecture. */
  readonly name: string;
  readonly path: string;
  /** Why no build would use it, where none would. */
  readonly why?: string;
}

/** All of them. One of a platform that is not among these may be of use to another checkout. */
export async function listRootfs(platforms: readonly Platform[]): Promise<StoredRootfs[]> {
  const keys = await keysByName(platforms);
  const listed: StoredRootfs[] = [];
  for (const file of await fileNames(imageCacheDir())) {
    const found = parseRootfsName(file);
    if (found === undefined) continue;
    const { name, part } = found;
    const known = keys.get(name);
    const why = part
      ? "its build did not get to its end"
      : known !== undefined && known !== found.key
      ? "its recipe has changed"
      : undefined;
    const path = join(imageCacheDir(), file);
    listed.push({ name, path, ...(why === undefined ? {} : { why }) });
  }
  return listed;
}

/** The key that each would have now. */
async function keysByName(platforms: readonly Platform[]): Promise<Map<string, string>> {
  const variants = VARIANTS.flatMap((variant) => ARCHS.map((arch) => ({ variant, arch })));
  const inputs = [
    ...platforms.map((platform) => [platform.name, rootfsInputs(platform)] as const),
    ...variants.map((one) => [variantRootfsName(one), variantRootfsInputs(one)] as const),
  ];
  return new Map(
    await Promise.all(inputs.map(async ([name, list]) => [name, await rootfsKey(list)] as const)),
  );
}

/** Whether a task builds or uses it just now. */
export const isRootfsBusy = ({ name }: StoredRootfs): Promise<boolean> =>
  isLocked(rootfsLock(name));

/** Removes one; false while a task builds or uses it. */
export async function removeRootfs({ name, path }: StoredRootfs): Promise<boolean> {
  await using lock = await tryLock(rootfsLock(name), { purpose: "gc" });
  if (lock === undefined) return false;
  await dropKept(path);
  return true;
}
