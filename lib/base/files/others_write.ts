import { dirname } from "@std/path";
import { HostError } from "../errors.ts";

/** The owner that the kernel shows for files of users outside this user namespace. */
const OVERFLOW_UID = 65534;

/**
 * Why another user could replace files in a directory; `undefined` if only root and `own` can. The
 * sticky bit makes it safe; the group is ignored, since most users have a group of their own.
 */
export async function whyOthersWrite(
  dir: string,
  own: number | null,
): Promise<string | undefined> {
  const { uid, mode } = await Deno.stat(dir);
  // In a container, /tmp may belong to a root that is outside of it.
  if (uid !== null && own !== null && ![own, 0, OVERFLOW_UID].includes(uid)) {
    return `it belongs to the user with id ${uid}`;
  }
  const isOpen = ((mode ?? 0) & 0o002) !== 0;
  const isSticky = ((mode ?? 0) & 0o1000) !== 0;
  return isOpen && !isSticky ? "every user can replace what is in it" : undefined;
}

/** Removes a new temporary file, and throws {@link HostError}, if another user could replace it. */
export async function refuseOpenTemp(path: string): Promise<void> {
  const dir = dirname(path);
  const { uid } = await Deno.lstat(path);
  const why = await whyOthersWrite(dir, uid);
  if (why === undefined) return;
  await Deno.remove(path);
  throw new HostError(`Cannot use ${dir} for temporary files: ${why}`, {
    next: "set TMPDIR to a directory of your own",
  });
}
