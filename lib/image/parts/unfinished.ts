import { join } from "@std/path";
import { folderNames } from "../../base/files/folders.ts";
import { isLocked, tryLock } from "../../base/files/lock.ts";
import { imageCacheDir } from "../../base/files/paths.ts";
import { removeTree } from "../../base/process/remove_tree.ts";

/** A folder in which a part was, or is, being built. */
export interface UnfinishedPart {
  /** The part's first file. */
  readonly output: string;
  readonly path: string;
}

/** {@link unfinishedPrefix}, and a number in hexadecimal of `Deno.makeTempDir()`, without leading zeros. */
const NAME = /^part-(.+)-[0-9a-f]{1,16}$/;

/** How the names of folders begin in which a part is built, in the image cache. */
export const unfinishedPrefix = (output: string): string => `part-${output}-`;

/** The lock of whoever builds the part. */
export const partLock = (output: string): string => join(imageCacheDir(), `${output}.lock`);

/** All of them: of builds that were killed, and of those under way. */
export async function listUnfinished(): Promise<UnfinishedPart[]> {
  const cache = imageCacheDir();
  return (await folderNames(cache)).flatMap((name) => {
    const output = NAME.exec(name)?.[1];
    return output === undefined ? [] : [{ output, path: join(cache, name) }];
  });
}

/** Whether its build is under way. */
export const isBeingBuilt = ({ output }: UnfinishedPart): Promise<boolean> =>
  isLocked(partLock(output));

/** Removes one; false while a task builds that part. */
export async function removeUnfinished({ output, path }: UnfinishedPart): Promise<boolean> {
  await using building = await tryLock(partLock(output), { purpose: "gc" });
  if (building === undefined) return false;
  await removeTree(path);
  return true;
}

/** Removes what killed builds of a part left. The caller holds its lock. */
export async function sweepUnfinished(output: string): Promise<void> {
  for (const left of await listUnfinished()) {
    if (left.output === output) await removeTree(left.path);
  }
}
