import { bytesText } from "../base/text/bytes.ts";
import { WorkError } from "../base/errors.ts";
import { freeDiskBytes, fullDiskError } from "../base/files/full_disk.ts";

/** The total size of the artifacts that a build may copy to the host, in bytes. */
export const ARTIFACT_LIMIT_BYTES = 16 * 2 ** 30;

export interface RoomOptions {
  /** The directory to write to. It exists. */
  readonly dir: string;
  /** The announced number of bytes. */
  readonly bytes: number;
  /** Completes "Cannot": `copy artifacts from debian-amd64`. */
  readonly action: string;
  /** Default {@link ARTIFACT_LIMIT_BYTES}. */
  readonly limitBytes?: number;
  /** Time between two checks of the disk. Default 250. */
  readonly pollMs?: number;
}

/** This much of a disk is left free for others, or half of the rest if that is less. */
const FLOOR_BYTES = 256 * 2 ** 20;

/** Whether a disk is nearly full: a program that passes a guest's words on is not believed. */
export async function isNearlyFull(dir: string): Promise<boolean> {
  return await freeDiskBytes(dir) < FLOOR_BYTES;
}

/** Watches the free space of a disk during a copy. Disposal stops this. */
interface Room extends Disposable {
  /** Aborts when the disk is about to be full. */
  readonly full: AbortSignal;
}

/**
 * Checks that a copy fits, and watches the disk meanwhile. Throws {@link WorkError}, or a full
 * disk's.
 */
export async function claimRoom(options: RoomOptions): Promise<Room> {
  const { dir, bytes, action, limitBytes = ARTIFACT_LIMIT_BYTES, pollMs = 250 } = options;
  if (bytes > limitBytes) {
    throw new WorkError(
      `Cannot ${action}: it is ${bytesText(bytes)}, and ${bytesText(limitBytes)} are allowed`,
      { next: 'name fewer files in "artifacts" of guesthouse.json' },
    );
  }
  const free = await freeDiskBytes(dir);
  const full = async (cause?: unknown) =>
    await fullDiskError(action, {
      said: `it is ${bytesText(bytes)}, and ${bytesText(free)} were free`,
      ...{ paths: [dir], cause },
    });
  if (bytes > free) throw await full();
  const floor = Math.min(FLOOR_BYTES, (free - bytes) / 2);
  const over = new AbortController();
  const look = async () => {
    if (over.signal.aborted || await freeDiskBytes(dir).catch(() => free) >= floor) return;
    over.abort(await full());
  };
  const timer = setInterval(() => void look(), pollMs);
  return { full: over.signal, [Symbol.dispose]: () => clearInterval(timer) };
}
