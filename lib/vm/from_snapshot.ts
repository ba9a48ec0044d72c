import { TaskError } from "../base/errors.ts";
import type { Recipe } from "../store/recipe.ts";
import {
  commitSnapshot,
  dropSnapshot,
  findSnapshot,
  listSnapshots,
  type Snapshot,
  type SnapshotManifest,
} from "./snapshots.ts";
import { makerLock, makeUnfinished, sweepUnfinished } from "../store/unfinished.ts";
import { diskBytes } from "../base/files/folders.ts";
import { isFullDisk } from "../base/files/full_disk.ts";
import { acquireLock } from "../base/files/lock.ts";
import { startClock } from "../base/time/clock.ts";

/** Told how a start goes; `warning` where something has to be done another way. */
export type OnNote = (text: string, level: "info" | "warning") => void;

/** A kind of guest that can come from snapshots: what is its own about it. */
export interface SnapshotUser<Guest> {
  /** Under which its snapshots lie, and for messages: the platform's name, or the variant's. */
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onNote: OnNote;
  /** What else the manifest of a new snapshot says. */
  readonly facts: Pick<SnapshotManifest, "imageDir" | "memoryMiB" | "cores">;
  /** The key of the snapshot that fits it exactly. */
  recipe(): Promise<Recipe>;
  /**
   * Starts a guest from a snapshot, which the guest disposes of from then on if that succeeds.
   * `start` is `cold` where the snapshot had to be made first; `clock` began with the whole start.
   */
  restore(snapshot: Snapshot, start: "cold" | "warm", clock: () => number): Promise<Guest>;
  /**
   * Boots a guest, brings it to rest, and writes the files of a snapshot into a folder. Throws {@link BootFailed} for a boot that any other would fail with as well.
   */
  save(dir: string): Promise<void>;
}

/** The boot before the save failed, as any other would; the cause says why. */
export class BootFailed extends Error {}

/** What snapshots may take on disk together before those that were not used for longest go. */
const LIMIT_BYTES = 6 * 2 ** 30;

const SNAPSHOTS_WORK = Deno.build.os === "linux";
const NO_SNAPSHOTS = "snapshots need a memory file, which QEMU has on Linux";

/**
 * Starts a guest from the snapshot that fits it exactly; makes that snapshot first if there is
 * none. `undefined` when that cannot be done, which is told by `onNote`: the guest must boot then.
 * Throws only the reason of the signal and what a boot would not survive either.
 */
export async function startFromSnapshot<Guest>(
  user: SnapshotUser<Guest>,
): Promise<Guest | undefined> {
  const { name, signal, onNote } = user;
  const clock = startClock();
  if (!SNAPSHOTS_WORK) {
    onNote(`start: cold, since ${NO_SNAPSHOTS}`, "info");
    return undefined;
  }
  try {
    const recipe = await user.recipe();
    const found = await useSnapshot(user, recipe);
    if (found !== undefined) return await restoreOrDrop(user, found, "warm", clock);
    const made = await makeSnapshot(user, recipe);
    return await restoreOrDrop(user, made, "cold", clock);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BootFailed) throw error.cause;
    if (!isSurvivable(error)) throw error;
    onNote(`Cannot start "${name}" warm, so it boots: ${describe(error)}`, "warning");
    return undefined;
  }
}

/**
 * Makes sure that there is a snapshot. `start` is called if one has to be saved, with why, and
 * gives who saves it. Returns whether one was saved.
 */
export async function ensureSaved<Guest>(
  { name, recipe }: { readonly name: string; readonly recipe: Recipe },
  start: (reasons: readonly string[]) => Promise<SnapshotUser<Guest>>,
): Promise<boolean> {
  if (!SNAPSHOTS_WORK) throw new TaskError(3, NO_SNAPSHOTS);
  const found = await findSnapshot(name, recipe);
  if (found.kind === "found") {
    await found.snapshot[Symbol.asyncDispose]();
    return false;
  }
  const user = await start(found.kind === "none" ? found.reasons : [found.reason]);
  try {
    await using _snapshot = await makeSnapshot(user, recipe);
    return true;
  } catch (error) {
    if (error instanceof BootFailed) throw error.cause;
    if (error instanceof TaskError || !isSurvivable(error)) throw error;
    throw new TaskError(1, describe(error), { cause: error });
  }
}

async function useSnapshot<Guest>(
  { name, onNote }: SnapshotUser<Guest>,
  recipe: Recipe,
): Promise<Snapshot | undefined> {
  const found = await findSnapshot(name, recipe);
  if (found.kind === "found") return found.snapshot;
  if (found.kind === "damaged") {
    const fate = found.removed ? "and removed" : "but stays, since a guest runs from it";
    onNote(`The snapshot of "${name}" is of no use ${fate}: ${found.reason}`, "warning");
  } else {
    onNote(`snapshot: none fits (${found.reasons.join(", ")})`, "info");
  }
  return undefined;
}

async function restoreOrDrop<Guest>(
  user: SnapshotUser<Guest>,
  snapshot: Snapshot,
  start: "warm" | "cold",
  clock: () => number,
): Promise<Guest> {
  try {
    return await user.restore(snapshot, start, clock);
  } catch (error) {
    await snapshot[Symbol.asyncDispose]();
    if (!user.signal.aborted && isSurvivable(error)) await dropSnapshot(snapshot.dir);
    throw error;
  }
}

/** Of several tasks that want the same snapshot one makes it, and the others wait. */
async function makeSnapshot<Guest>(user: SnapshotUser<Guest>, recipe: Recipe): Promise<Snapshot> {
  const { name, signal, onNote, facts } = user;
  const lock = { signal, purpose: "save a snapshot" };
  await using _lock = await acquireLock(makerLock("snapshot", name), lock);
  const again = await findSnapshot(name, recipe);
  if (again.kind === "found") return again.snapshot;
  await sweepUnfinished("snapshot", name).catch(() => {});
  const clock = startClock();
  await using staging = await makeUnfinished("snapshot", name);
  await user.save(staging.dir);
  await commitSnapshot(staging.dir, recipe, { platform: name, ...facts });
  onNote(`snapshot: saved in ${clock().toFixed(1)} s`, "info");
  const found = await findSnapshot(name, recipe);
  if (found.kind !== "found") throw new TaskError(1, "the snapshot that was just saved is gone");
  await evict(found.snapshot.dir);
  return found.snapshot;
}

/** Removes the snapshots that were not used for longest until the rest is within the limit. */
async function evict(newest: string): Promise<void> {
  const snapshots = (await listSnapshots()).sort((a, b) => b.usedMs - a.usedMs);
  let bytes = 0;
  for (const { path, manifest } of snapshots) {
    const own = await diskBytes(path);
    bytes += own;
    if (bytes <= LIMIT_BYTES || path === newest || manifest === undefined) continue;
    if (await dropSnapshot(path)) bytes -= own;
  }
}

/** Whether a start without snapshots may still succeed. */
function isSurvivable(error: unknown): boolean {
  return error instanceof TaskError || error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.BrokenPipe ||
    (error instanceof Error &&
      /QmpConnectionError|QmpTimeoutError|QmpCommandError/.test(error.name)) ||
    isDiskFault(error);
}

/** A full disk, or one that only reads. */
function isDiskFault(error: unknown): boolean {
  return isFullDisk(error) || (error instanceof Error && /os error 30\b/.test(error.message));
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const details = error instanceof TaskError ? error.details.slice(-4) : [];
  return [message, ...details].join("; ");
}
