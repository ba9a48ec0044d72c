import { dirname, resolve } from "@std/path";
import { bytesText } from "../text/bytes.ts";
import { HostError, TaskError, WorkError } from "../errors.ts";

/** ENOSPC and EDQUOT in the words of Deno and other programs. */
const FULL = /No space left on device|Disk quota exceeded|\(os error (?:28|122)\)/;
/** A file system with less free space than this is reported as full. */
const LOW_BYTES = 64 * 2 ** 20;

/** Whether a line that a program of this host printed says that a disk is full. */
export const saysFullDisk = (text: string): boolean => FULL.test(text);

/** Whether an error is the operating system's own for a full disk or quota, not a guest's. */
export function isFullDisk(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof TaskError) && FULL.test(error.message);
}

/** The path at the end of most of Deno's own messages, of two the one that is written to. */
export const pathIn = ({ message }: Error): string | undefined => /'([^']+)'$/.exec(message)?.[1];

/** What {@link fullDiskError} knows. */
interface FullDiskFacts {
  /** The message of the operating system or a program. */
  readonly said?: string;
  /** Where data was written. Default: every place that tasks write to. */
  readonly paths?: readonly string[];
  /** Default: `deno task gc`. */
  readonly next?: string;
  readonly cause?: unknown;
}

/**
 * The error for a full disk, with the file systems and their free space. `action` completes
 * "Cannot".
 */
export async function fullDiskError(action: string, facts: FullDiskFacts = {}): Promise<HostError> {
  const { said, paths = [], next = "deno task gc, or make room in other ways: df -h" } = facts;
  return new HostError(`Cannot ${action}: a disk of this host is full`, {
    details: [...said === undefined ? [] : [said.trim()], ...await describeFileSystems(paths)],
    next,
    cause: facts.cause,
  });
}

/**
 * An error as {@link fullDiskError} if it means a full disk; any other error unchanged. `onHost`:
 * no guest is involved, so a TaskError is about this host, too.
 */
export async function explainFullDisk(
  error: unknown,
  action: string,
  { onHost = false }: { readonly onHost?: boolean } = {},
): Promise<unknown> {
  if (error instanceof SuppressedError) {
    const [later, first] = await Promise.all(
      [error.error, error.suppressed].map((one) => explainFullDisk(one, action, { onHost })),
    );
    return new SuppressedError(later, first, error.message);
  }
  if (onHost && error instanceof WorkError) {
    const said = [error.message, ...error.details].find(saysFullDisk);
    return said === undefined ? error : await fullDiskError(action, { said, cause: error });
  }
  if (!isFullDisk(error)) return error;
  const path = pathIn(error);
  return await fullDiskError(action, {
    said: error.message,
    ...(path === undefined ? {} : { paths: [path] }),
    cause: error,
  });
}

interface FileSystem {
  /** Where it is mounted. */
  readonly place: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What says where tasks write to, besides the checkout, in which they run, and `TMPDIR`. */
const PLACES = [
  ...["GUESTHOUSE_STATE", "GUESTHOUSE_LOGS", "GUESTHOUSE_IMAGES", "GUESTHOUSE_SNAPSHOTS"],
  "XDG_RUNTIME_DIR",
];

/** A line for each full file system of these; for all of them if none is (still) full. */
export async function describeFileSystems(paths: readonly string[]): Promise<string[]> {
  const places = paths.length > 0 ? paths.map((path) => () => path) : [
    ...PLACES.map((name) => () => Deno.env.get(name) || "."),
    () => Deno.env.get("TMPDIR") || "/tmp",
  ];
  // Nothing is worse than an error about an error, such as a permission that a task does not have:
  // what cannot be found out is left out.
  const found = await Promise.all(places.map(async (place) => {
    try {
      return await fileSystemOf(place());
    } catch {
      return undefined;
    }
  }));
  const all = [...new Map(found.flatMap((one) => one ? [[one.place, one]] : [])).values()];
  const low = all.filter(({ freeBytes }) => freeBytes < LOW_BYTES);
  return (low.length > 0 ? low : all).map(({ place, freeBytes, totalBytes }) =>
    `file system ${place}: ${bytesText(freeBytes)} free of ${bytesText(totalBytes)}`
  );
}

async function fileSystemOf(path: string): Promise<FileSystem> {
  const { dir, bavail, blocks, bsize } = await statDisk(path);
  const device = await deviceOf(dir);
  let place = dir;
  while (dirname(place) !== place && await deviceOf(dirname(place)) === device) {
    place = dirname(place);
  }
  return { place, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

const deviceOf = async (path: string): Promise<number> => (await Deno.stat(path)).dev;

/** Free bytes for this user on the disk that holds the path, or that will once it is made. */
export async function freeDiskBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statDisk(path);
  return bavail * bsize;
}

/** The sizes of a path's disk, and the directory of it that is there. */
async function statDisk(path: string) {
  // Modules of Node take 20 ms to load, which only those that need them pay.
  const { statfs } = await import("node:fs/promises");
  let dir = resolve(path);
  while (true) {
    try {
      const { bavail, blocks, bsize } = await statfs(dir);
      return { dir, bavail, blocks, bsize };
    } catch (error) {
      const parent = dirname(dir);
      if ((error as { code?: string }).code !== "ENOENT" || parent === dir) throw error;
      dir = parent;
    }
  }
}
