import { resolve } from "@std/path";
import { HostError } from "../base/errors.ts";
import { explainFullDisk, isFullDisk } from "../base/files/full_disk.ts";
import { emptyOverlay } from "./empty_overlay.ts";
import { checkImage } from "./qcow2.ts";

/** A qcow2 file on top of a base image. Disposal removes it, unless it was released. */
interface Overlay extends AsyncDisposable {
  readonly path: string;
  /** Keeps the file, for a guest that outlives the task. */
  release(): void;
}

interface CreateOverlayOptions {
  /** The platform, for messages. */
  readonly name: string;
  /** The base image: qcow2. */
  readonly backing: string;
  /** Whether the base is itself an overlay that is no longer written to. */
  readonly frozen?: boolean;
  /** The file to create. It must not exist: another guest may be running from it. */
  readonly path: string;
  readonly signal?: AbortSignal;
}

/**
 * Creates an empty overlay. Throws {@link HostError} if the base is missing or damaged, or has a
 * backing file without being `frozen` (rebuilding that would break it), or on a write error.
 */
export async function createOverlay(options: CreateOverlayOptions): Promise<Overlay> {
  const { name } = options;
  // Absolute: qemu-img would read "a:b" as a protocol, and look for a relative backing file
  // beside the overlay.
  const backing = resolve(options.backing);
  const path = resolve(options.path);
  const header = await checkImage(backing, { name });
  if (header.hasBackingFile && options.frozen !== true) {
    throw new HostError(
      `Cannot use the image of "${name}": it has a backing file itself, so it is an overlay`,
      { details: [`image: ${backing}`], next: `deno task setup-images ${name} --force` },
    );
  }
  await claim(path, name);
  const overlay = toOverlay(path);
  try {
    options.signal?.throwIfAborted();
    await Deno.writeFile(path, emptyOverlay(backing, header.diskBytes));
    return overlay;
  } catch (error) {
    await overlay[Symbol.asyncDispose]();
    if (isFullDisk(error)) throw await explainFullDisk(error, `create an overlay for "${name}"`);
    if (!(error instanceof RangeError) && !isDiskFault(error)) throw error;
    throw new HostError(`Cannot create an overlay for "${name}": ${error.message}`, {
      details: [`overlay: ${path}`, `image: ${backing}`],
      next: "df -h",
      cause: error,
    });
  }
}

/** A read-only file system, for example. */
function isDiskFault(error: unknown): error is Error {
  return error instanceof Error && /\(os error \d+\)/.test(error.message);
}

/** Creates the file with mode 0600, so that of two callers with the same path one fails. */
async function claim(path: string, name: string): Promise<void> {
  try {
    (await Deno.open(path, { write: true, createNew: true, mode: 0o600 })).close();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    throw new HostError(`Cannot create an overlay for "${name}": "${path}" exists already`, {
      details: ["a guest may be running from it"],
      next: "deno task vm-list",
      cause,
    });
  }
}

function toOverlay(path: string): Overlay {
  let released = false;
  return {
    path,
    release() {
      released = true;
    },
    async [Symbol.asyncDispose]() {
      if (released) return;
      await Deno.remove(path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    },
  };
}
