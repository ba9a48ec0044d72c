import { delay } from "@std/async";
import { dirname } from "@std/path";
import { HostError } from "../errors.ts";

interface LockOptions {
  readonly signal?: AbortSignal;
  /** Called once if the lock is held, with a description of the holder (may be empty). */
  readonly onWait?: (holder: string) => void;
  /** What the holder is doing, for messages of other tasks. */
  readonly purpose?: string;
}

/** A held lock. Disposal releases it. */
export interface Lock extends AsyncDisposable {
  readonly path: string;
}

/** Time between two attempts for a held lock: short compared with any work that a lock guards. */
const RETRY_MS = 100;

/**
 * Takes a lock that excludes only the holder of an exclusive one; `undefined` if there is one, or
 * if the file is gone. Also for directories, except on NFS. Like all of these, it throws {@link
 * HostError} if the file system has no locks.
 */
export async function trySharedLock(path: string): Promise<Lock | undefined> {
  return await lockExisting(path, false);
}

/** As {@link tryLock}, but only for an existing file or directory, and without a note in it. */
export async function tryExistingLock(path: string): Promise<Lock | undefined> {
  return await lockExisting(path, true);
}

/** Whether the lock is currently held, shared or not. */
export async function isLocked(path: string): Promise<boolean> {
  await using lock = await tryExistingLock(path);
  return lock === undefined && await Deno.stat(path).then(() => true, () => false);
}

/** A description of a lock's holder; may be empty. */
export async function lockHolder(path: string): Promise<string> {
  return (await Deno.readTextFile(path).catch(() => "")).trim();
}

async function lockExisting(path: string, exclusive: boolean): Promise<Lock | undefined> {
  let held = false;
  const file = await openExisting(path, exclusive);
  if (file === undefined) return undefined;
  try {
    if (!await lockFile(path, file, exclusive) || (await file.stat()).nlink === 0) {
      return undefined;
    }
    held = true;
  } finally {
    if (!held) file.close();
  }
  return toLock(path, file);
}

/**
 * Opens the file to lock; `undefined` if it is gone. NFS wants an exclusive lock's file to be open
 * for writing, and a shared one's for reading; elsewhere reading suffices, also for directories.
 */
async function openExisting(path: string, exclusive: boolean): Promise<Deno.FsFile | undefined> {
  try {
    if (exclusive) {
      const file = await Deno.open(path, { read: true, write: true }).catch(() => undefined);
      if (file !== undefined) return file;
    }
    return await Deno.open(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Locks an open file; false if it is locked. Throws {@link HostError} on any other failure. */
async function lockFile(path: string, file: Deno.FsFile, exclusive: boolean): Promise<boolean> {
  try {
    return await file.tryLock(exclusive);
  } catch (cause) {
    throw lockFault(path, cause);
  }
}

/** The error for a file that cannot be locked. */
export function lockFault(path: string, cause: unknown): HostError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new HostError(`Cannot lock ${path}: ${why.replace(/ \(os error \d+\).*/s, "")}`, {
    details: ["its file system has no working locks (flock), as some network file systems"],
    next: "set GUESTHOUSE_STATE and GUESTHOUSE_IMAGES to directories on a local disk, " +
      "see docs/storage.md",
    cause,
  });
}

/**
 * Takes an exclusive lock with `flock(2)`, which the kernel releases when the holder ends. The file
 * stays: if it were removed, two holders could lock different files of the same name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { acquireLock, tryLock } from "./lock.ts";
 *
 * const path = await Deno.makeTempFile();
 * {
 *   await using _lock = await acquireLock(path, { purpose: "build an image" });
 *   assertEquals(await tryLock(path), undefined);
 * }
 * await using _again = await acquireLock(path);
 * await Deno.remove(path);
 * ```
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const lock = await tryLock(path, options);
  if (lock !== undefined) return lock;
  options.onWait?.(await lockHolder(path));
  while (true) {
    options.signal?.throwIfAborted();
    await delay(RETRY_MS);
    const lock = await tryLock(path, options);
    if (lock !== undefined) return lock;
  }
}

/** As {@link acquireLock}, but returns `undefined` at once if the lock is held. */
export async function tryLock(
  path: string,
  options: Pick<LockOptions, "purpose"> = {},
): Promise<Lock | undefined> {
  const file = await openUnlessRemoved(path);
  if (file === undefined) return undefined;
  const holder = `pid ${Deno.pid}${options.purpose === undefined ? "" : ` (${options.purpose})`}\n`;
  let held = false;
  try {
    if (!await lockFile(path, file, true)) return undefined;
    // The task that removed the file's directory held this lock until now; it would exclude nobody.
    if ((await file.stat()).nlink === 0) return undefined;
    // On a full disk others are not told who holds the lock, but it is still held.
    await file.truncate().then(() => file.write(new TextEncoder().encode(holder))).catch(() => {});
    held = true;
  } finally {
    if (!held) file.close();
  }
  return toLock(path, file);
}

function toLock(path: string, file: Deno.FsFile): Lock {
  let open = true;
  return {
    path,
    // deno-lint-ignore require-await -- the interface is asynchronous, closing is not
    async [Symbol.asyncDispose]() {
      if (open) file.close();
      open = false;
    },
  };
}

/** Opens the file; `undefined` if the holder of the lock removes its directory meanwhile. */
async function openUnlessRemoved(path: string): Promise<Deno.FsFile | undefined> {
  const dir = dirname(path);
  try {
    await Deno.mkdir(dir, { recursive: true });
    return await Deno.open(path, { read: true, write: true, create: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // What mkdir says of a directory that goes away while it looks, but also of a file.
    const info = await Deno.stat(dir).catch(() => undefined);
    if (error instanceof Deno.errors.AlreadyExists && info?.isFile !== true) return undefined;
    throw error;
  }
}
