import { dirname } from "@std/path";

/** How {@link acquireLock} waits. */
export interface LockOptions {
  readonly signal?: AbortSignal;
  /** Called once if the lock is held by someone else, with who that is (text, maybe empty). */
  readonly onWait?: (holder: string) => void;
  /** What the holder is doing, for the message that others see. */
  readonly purpose?: string;
}

/** A held lock. Disposal releases it. */
export interface Lock extends AsyncDisposable {
  readonly path: string;
}

/** Time between two tries for a held lock: short beside any work that a lock guards. */
const RETRY_MS = 100;

/**
 * Takes an exclusive lock on a file with `flock(2)`. The kernel releases it when the holder ends,
 * whichever way, so a killed task never blocks the next one. The file stays: removing it would
 * let two holders lock two different files of the same name.
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const lock = await tryLock(path, options);
  if (lock !== undefined) return lock;
  options.onWait?.((await Deno.readTextFile(path).catch(() => "")).trim());
  while (true) {
    options.signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    const lock = await tryLock(path, options);
    if (lock !== undefined) return lock;
  }
}

/** As {@link acquireLock}, but returns `undefined` at once if the lock is held. */
export async function tryLock(
  path: string,
  options: Pick<LockOptions, "purpose"> = {},
): Promise<Lock | undefined> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const file = await Deno.open(path, { read: true, write: true, create: true });
  let held = false;
  try {
    held = await file.tryLock(true);
  } finally {
    if (!held) file.close();
  }
  if (!held) return undefined;
  const holder = new TextEncoder().encode(
    `pid ${Deno.pid}${options.purpose === undefined ? "" : ` (${options.purpose})`}\n`,
  );
  await file.truncate();
  await file.write(holder);
  return {
    path,
    // deno-lint-ignore require-await -- the interface is asynchronous, closing is not
    async [Symbol.asyncDispose]() {
      file.close();
    },
  };
}
