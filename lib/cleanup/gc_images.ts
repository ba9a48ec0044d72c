import type { Platform } from "../config/platform.ts";
import { MICRO_ARCHS } from "../config/archs.ts";
import { VARIANTS } from "../config/parts.ts";
import { listSnapshots } from "../vm/snapshots.ts";
import { isAmong } from "../base/files/directories.ts";
import { variantRootfsInputs, variantRootfsName } from "../image/parts/variant.ts";
import { storedDownloads } from "../image/disk/stored_downloads.ts";
import { storedVersions } from "../image/platform/image_versions.ts";
import { rootfsInputs } from "../image/platform/platform_image.ts";
import { rootfsKey, storedTars } from "../image/system/debian/rootfs_tar.ts";
import type { GcFacts, Listed } from "./storage.ts";

/** Versions of images: the former ones go. */
export async function listVersions({ isGone, guests }: GcFacts): Promise<Listed[]> {
  return await storedVersions(async (dir) => {
    const snapshots = (await listSnapshots()).filter(({ path }) => !isGone(path));
    const users = [...snapshots.flatMap(({ manifest }) => manifest ?? []), ...await guests()];
    return await isAmong(dir, users.map(({ imageDir }) => imageDir));
  });
}

/** The packages of images, one file each. Those of unknown platforms may belong to a checkout. */
export async function listPackages({ platforms }: GcFacts): Promise<Listed[]> {
  const keys = await keysByName(platforms);
  return (await storedTars()).map((tar) => {
    const why = tar.isPart
      ? "its build did not get to its end"
      : (keys.get(tar.name) ?? tar.key) !== tar.key
      ? "its recipe has changed"
      : undefined;
    return { ...tar, why };
  });
}

/** What was downloaded: the pinned files stay. */
export const listDownloads = async ({ platforms }: GcFacts): Promise<Listed[]> =>
  await storedDownloads(platforms.map(({ name }) => name));

/** The key that each would have now. */
async function keysByName(platforms: readonly Platform[]): Promise<Map<string, string>> {
  const variants = VARIANTS.flatMap((variant) => MICRO_ARCHS.map((arch) => ({ variant, arch })));
  const inputs = [
    ...platforms.map((platform) => [platform.name, rootfsInputs(platform)] as const),
    ...variants.map((one) => [variantRootfsName(one), variantRootfsInputs(one)] as const),
  ];
  return new Map(
    await Promise.all(inputs.map(async ([name, list]) => [name, await rootfsKey(list)] as const)),
  );
}
