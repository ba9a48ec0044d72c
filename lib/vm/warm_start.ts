import { TaskError } from "../base/errors.ts";
import { diskBytes } from "../base/files/directories.ts";
import { isFullDisk } from "../base/files/full_disk.ts";
import { acquireLock } from "../base/files/lock.ts";
import { startClock } from "../base/time/clock.ts";
import type { Recipe } from "../store/recipe.ts";
import { makerLock, makeUnfinished, sweepUnfinished } from "../store/unfinished.ts";
import type { GuestPlan, OpenedGuest } from "./plan.ts";
import type { OnNote } from "../guest/connect_guest.ts";
import { restoreGuest } from "./restore.ts";
import { BootFailed, saveSnapshot } from "./save.ts";
import { snapshotRecipe, type SnapshotShape } from "./snapshot_recipe.ts";
import {
  commitSnapshot,
  dropSnapshot,
  findSnapshot,
  listSnapshots,
  type Snapshot,
} from "./snapshots.ts";

/** What snapshots may take on disk together before those that were not used for longest go. */
const LIMIT_BYTES = 6 * 2 ** 30;

/** How guests come from snapshots and become such. */
interface Ways<Session extends AsyncDisposable> {
  readonly restore: typeof restoreGuest<Session>;
  readonly save: typeof saveSnapshot<Session>;
}

const SNAPSHOTS_WORK = Deno.build.os === "linux";
const NO_SNAPSHOTS = "snapshots are only tested on Linux";

/**
 * Starts a guest from the snapshot that fits exactly, made first if there is none. `undefined`,
 * with `onNote` called, if the guest must boot. Throws only the signal's reason and failures of a
 * boot.
 */
export async function startWarm<Session extends AsyncDisposable>(
  plan: GuestPlan<Session>,
  onNote: OnNote,
  ways: Ways<Session> = { restore: restoreGuest, save: saveSnapshot },
): Promise<OpenedGuest<Session> | undefined> {
  const { name, signal } = plan;
  const clock = startClock();
  if (!SNAPSHOTS_WORK) {
    onNote(`start: cold, since ${NO_SNAPSHOTS}`, "info");
    return undefined;
  }
  try {
    const recipe = await snapshotRecipe(plan.snapshot.shape);
    const found = await useSnapshot(name, recipe, onNote);
    const start = found === undefined ? "cold" : "warm";
    const snapshot = found ?? await makeSnapshot(plan, recipe, onNote, ways.save);
    try {
      return await ways.restore(snapshot, plan, { start, clock, onNote });
    } catch (error) {
      await snapshot[Symbol.asyncDispose]();
      if (!signal.aborted && isSurvivable(error)) await dropSnapshot(snapshot.dir);
      throw error;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BootFailed) throw error.cause;
    if (!isSurvivable(error)) throw error;
    onNote(`Cannot start "${name}" warm, so it boots: ${describe(error)}`, "warning");
    return undefined;
  }
}

/** Ensures a snapshot of that shape; `start` is called if one must be saved. Returns whether. */
export async function ensureSnapshot<Session extends AsyncDisposable>(
  name: string,
  shape: SnapshotShape,
  start: (reasons: readonly string[]) => Promise<{
    readonly plan: GuestPlan<Session>;
    readonly onNote: OnNote;
  }>,
  save: Ways<Session>["save"] = saveSnapshot,
): Promise<boolean> {
  if (!SNAPSHOTS_WORK) throw new TaskError(3, NO_SNAPSHOTS);
  const recipe = await snapshotRecipe(shape);
  const found = await findSnapshot(name, recipe);
  if (found.kind === "found") {
    await found.snapshot[Symbol.asyncDispose]();
    return false;
  }
  const { plan, onNote } = await start(found.kind === "none" ? found.reasons : [found.reason]);
  try {
    await using _snapshot = await makeSnapshot(plan, recipe, onNote, save);
    return true;
  } catch (error) {
    if (error instanceof BootFailed) throw error.cause;
    if (error instanceof TaskError || !isSurvivable(error)) throw error;
    throw new TaskError(1, describe(error), { cause: error });
  }
}

async function useSnapshot(
  name: string,
  recipe: Recipe,
  onNote: OnNote,
): Promise<Snapshot | undefined> {
  const found = await findSnapshot(name, recipe);
  if (found.kind === "found") return found.snapshot;
  if (found.kind === "damaged") {
    const fate = found.removed ? "and was removed" : "but stays, since a guest runs from it";
    onNote(`The snapshot of "${name}" is unusable ${fate}: ${found.reason}`, "warning");
  } else {
    onNote(`snapshot: none fits (${found.reasons.join(", ")})`, "info");
  }
  return undefined;
}

/** Of several tasks that want the same snapshot one makes it, and the others wait. */
async function makeSnapshot<Session extends AsyncDisposable>(
  { name, signal, memoryMiB, cores, snapshot }: GuestPlan<Session>,
  recipe: Recipe,
  onNote: OnNote,
  save: Ways<Session>["save"],
): Promise<Snapshot> {
  const lock = { signal, purpose: "save a snapshot" };
  await using _lock = await acquireLock(makerLock("snapshot", name), lock);
  const again = await findSnapshot(name, recipe);
  if (again.kind === "found") return again.snapshot;
  await sweepUnfinished("snapshot", name).catch(() => {});
  const clock = startClock();
  await using staging = await makeUnfinished("snapshot", name);
  await save(staging.dir, snapshot, onNote);
  const facts = { platform: name, imageDir: snapshot.imageDir, memoryMiB, cores };
  await commitSnapshot(staging.dir, recipe, facts);
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
