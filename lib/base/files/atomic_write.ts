import { basename, dirname, join } from "@std/path";
import { fileNames } from "./directories.ts";
import { lockFault, tryExistingLock } from "./lock.ts";

/**
 * Fills the file at `tmpPath`, which exists and is empty. It must not be replaced, only written.
 */
type Writer = (tmpPath: string) => Promise<void>;

interface AtomicWriteOptions {
  /** Permission bits of the new file. Default: 0o666 without the umask. */
  readonly mode?: number;
  /** Where the temporary file is: a directory on the same file system. Default: beside the file. */
  readonly tmpDir?: string;
}

/** `.NAME.tmp-PID-RANDOM`; the pid shows users whose leftover it is. */
const TMP_NAME = /^\..+\.tmp-\d+-[0-9a-f]{12}$/s;

/**
 * Makes a file appear under its name only when it is complete: written to a temporary file,
 * fsynced, renamed, and the directory fsynced. A file of that name is replaced. If writing fails,
 * the name keeps what it had and nothing is left behind; if the task is killed, {@link removeStale}
 * finds what it left.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { atomicWrite } from "./atomic_write.ts";
 *
 * const dir = await Deno.makeTempDir();
 * await atomicWrite(`${dir}/record.json`, "{}");
 * assertEquals((await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name), ["record.json"]);
 * await Deno.remove(dir, { recursive: true });
 * ```
 */
export async function atomicWrite(
  path: string,
  content: string | Uint8Array | Writer,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const { tmpPath, lock } = await createLocked(path, options.mode, options.tmpDir);
  // Closed, and so unlocked, after the rename.
  using _ = lock;
  try {
    await fill(tmpPath, content);
    await syncPath(tmpPath);
    await Deno.rename(tmpPath, path);
  } catch (error) {
    await Deno.remove(tmpPath).catch(() => {});
    throw error;
  }
  await syncPath(dirname(path));
}

/** Throws what {@link atomicWrite} would throw, without leaving anything behind. */
export async function tryAtomicWrite(path: string): Promise<void> {
  const { tmpPath, lock } = await createLocked(path, undefined);
  using _ = lock;
  await Deno.remove(tmpPath);
}

/**
 * The temporary files in a directory, sorted: those of killed writers, and those being written. A
 * lock shows the difference: checking a pid needs the permission to run any program, and is
 * ambiguous in containers.
 */
export async function listTemporary(dir: string): Promise<string[]> {
  const names = await fileNames(dir);
  return names.filter((name) => TMP_NAME.test(name)).map((name) => join(dir, name));
}

/** Removes the temporary file of a killed writer; false while its writer runs. */
export async function removeStale(path: string): Promise<boolean> {
  try {
    await using lock = await tryExistingLock(path);
    if (lock === undefined) return false;
    await Deno.remove(path);
    return true;
  } catch (error) {
    // Its writer renamed or removed it in between.
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Removes leftovers of killed writers in a directory that gc does not know. */
export async function sweepTemporary(dir: string): Promise<void> {
  for (const path of await listTemporary(dir).catch(() => [])) {
    await removeStale(path).catch(() => {});
  }
}

/** Creates and locks the temporary file; the kernel releases the lock when this process ends. */
async function createLocked(
  path: string,
  mode: number | undefined,
  tmpDir = dirname(path),
): Promise<{ tmpPath: string; lock: Deno.FsFile }> {
  while (true) {
    const tmpPath = tmpPathOf(path, tmpDir);
    const lock = await Deno.open(tmpPath, { write: true, createNew: true, mode: mode ?? 0o666 });
    try {
      await lock.lock(true).catch((cause) => {
        throw lockFault(tmpPath, cause);
      });
      // Between creation and lock a removeStale() elsewhere may have taken it for a leftover.
      if ((await lock.stat()).nlink !== 0) return { tmpPath, lock };
      lock.close();
    } catch (error) {
      lock.close();
      await Deno.remove(tmpPath).catch(() => {});
      throw error;
    }
  }
}

function tmpPathOf(path: string, dir: string): string {
  const random = crypto.randomUUID().slice(-12);
  return join(dir, `.${basename(path)}.tmp-${Deno.pid}-${random}`);
}

async function fill(tmpPath: string, content: string | Uint8Array | Writer): Promise<void> {
  if (typeof content === "function") await content(tmpPath);
  else if (typeof content === "string") await Deno.writeTextFile(tmpPath, content);
  else await Deno.writeFile(tmpPath, content);
}

/** Waits until the bytes of a file, or the names in a directory, are on the disk. */
export async function syncPath(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true });
  await file.sync();
}
