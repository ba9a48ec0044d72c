import { basename } from "@std/path";
import type { Platform } from "../config/platform.ts";
import { listSnapshots } from "../vm/snapshots.ts";
import { diskBytes, realPath } from "../base/files/folders.ts";
import { isBeingBuilt, listUnfinished, removeUnfinished } from "../image/parts/unfinished.ts";
import { isRootfsBusy, listRootfs, removeRootfs } from "../image/platform/stored_rootfs.ts";
import { isVersionBusy, listVersions, removeVersion } from "../image/platform/image_versions.ts";
import type { Guests } from "./gc_snapshots.ts";
import type { Bin } from "./storage.ts";

/** Removes former versions of images, what they were made from, and what killed builds left. */
export async function sweepImages(
  bin: Bin,
  { platforms }: { readonly platforms: readonly Platform[] },
  guests: Guests,
): Promise<void> {
  const gone = new Set(bin.removed.map(({ path }) => path));
  for (const version of await listVersions()) {
    const { image, dir, why } = version;
    const isNeeded = async () => {
      const snapshots = (await listSnapshots()).filter((snapshot) => !gone.has(snapshot.dir));
      const users = [...snapshots.flatMap(({ manifest }) => manifest ?? []), ...await guests()];
      const dirs = await Promise.all(users.map(({ imageDir }) => realPath(imageDir)));
      return dirs.includes(await realPath(dir));
    };
    await bin.sort({
      ...{ kind: "image", path: dir, bytes: await diskBytes(dir) },
      what: `${image}/${basename(dir)}`,
      isBusy: async () => await isVersionBusy(version) || await isNeeded(),
      remove: () => removeVersion(version, isNeeded),
    }, why);
  }
  for (const rootfs of await listRootfs(platforms)) {
    const { path, why } = rootfs;
    await bin.sort({
      ...{ kind: "rootfs", path, what: basename(path), bytes: await diskBytes(path) },
      isBusy: () => isRootfsBusy(rootfs),
      remove: () => removeRootfs(rootfs),
    }, why);
  }
  for (const left of await listUnfinished()) {
    const { path } = left;
    await bin.sort({
      ...{ kind: "unfinished part", path, what: basename(path), bytes: await diskBytes(path) },
      isBusy: () => isBeingBuilt(left),
      remove: () => removeUnfinished(left),
    }, "its build did not get to its end");
  }
}
