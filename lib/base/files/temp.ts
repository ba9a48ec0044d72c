import { bytesText } from "../text/bytes.ts";
import { HostError } from "../errors.ts";
import { freeDiskBytes } from "./full_disk.ts";
import { tempDirs } from "./paths.ts";

/** The owner that the kernel shows for files of users outside this user namespace. */
const OVERFLOW_UID = 65534;

/**
 * Why another user could rename or replace files in a directory; `undefined` if nobody but root and
 * the user `own` can. A directory with the sticky bit, such as `/tmp`, is safe. The group's rights
 * are not counted: most systems give each user a group of their own.
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

/** What a place for temporary files has to offer. */
export interface TempNeeds {
  /** Places with less free space are passed over. Default: the free space is not looked at. */
  readonly bytes?: number;
  /** Another reason why a place does not do. */
  readonly whyNot?: (dir: string) => Promise<string | undefined>;
}

/**
 * Makes a temporary file or directory at the first of {@link tempDirs} where that is possible, where
 * no other user could replace it, and where there is room. Throws {@link HostError}, with a reason
 * for each place, if there is none.
 *
 * @param make makes it in a directory, and returns its path
 */
export async function makeTemp(
  make: (dir: string) => Promise<string>,
  { bytes, whyNot }: TempNeeds = {},
): Promise<string> {
  const details: string[] = [];
  const dirs = tempDirs();
  for (const dir of dirs) {
    let path: string | undefined;
    const why = await (async () => {
      // Only the last place is made: the others are somebody's choice.
      if (dir === dirs.at(-1)) await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
      path = await make(dir);
      return await whyOthersWrite(dir, (await Deno.lstat(path)).uid) ??
        (bytes === undefined ? undefined : await whyNoRoom(dir, bytes)) ??
        await whyNot?.(dir);
    })().catch((error) => error.message.replace(/ \(os error \d+\).*/s, ""));
    if (why === undefined) return path!;
    if (path !== undefined) await Deno.remove(path, { recursive: true });
    details.push(`${dir}: ${why}`);
  }
  throw new HostError("Cannot make temporary files: there is no place for them", {
    details,
    next: "set TMPDIR to a directory of your own with more room, below /tmp or /var/tmp",
  });
}

async function whyNoRoom(dir: string, bytes: number): Promise<string | undefined> {
  const free = await freeDiskBytes(dir);
  return free < bytes ? `${bytesText(bytes)} are needed, ${bytesText(free)} are free` : undefined;
}
