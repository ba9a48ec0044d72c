import { basename, join } from "@std/path";
import { leftRuns, leftSockets, listRuns, removeLeft, runIds } from "../guest/runs.ts";
import { diskBytes } from "../base/files/folders.ts";
import { runsDir, socketDir } from "../base/files/paths.ts";
import { sweepImages } from "./gc_images.ts";
import { sweepLeftovers } from "./gc_leftovers.ts";
import { sweepSnapshots, type SweepSnapshotsOptions } from "./gc_snapshots.ts";
import { Bin, type Removable, type Removed, type RemoveOptions, type Stored } from "./storage.ts";

/** What {@link collectGarbage} takes. */
export interface GcOptions extends RemoveOptions, SweepSnapshotsOptions {}

/** What {@link collectGarbage} found. */
export interface GcOutcome {
  readonly removed: readonly Removed[];
  readonly kept: readonly Stored[];
}

/**
 * Removes what is of no use any more, in this order, since each may be all that needs the next:
 * runs that were left behind and their guests, snapshots and build caches, images, and what killed
 * tasks were just writing.
 *
 * What is in use stays, whatever other tasks do meanwhile: each thing is removed with the lock held
 * that its users hold, and guests without a task, which hold none, are looked up in the run records
 * under that lock. Whoever uses an image has a shared lock on its version's folder: see `useImage()`.
 */
export async function collectGarbage(options: GcOptions): Promise<GcOutcome> {
  const bin = new Bin(options);
  const left = await sweepRuns(bin);
  const guests = async () => (await listRuns()).filter(({ id }) => !left.has(id));
  await sweepSnapshots(bin, options, guests);
  await sweepImages(bin, options, guests);
  await sweepLeftovers(bin);
  return { removed: bin.removed, kept: bin.kept };
}

/** Returns the ids of those that went. */
async function sweepRuns(bin: Bin): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  for await (const left of leftRuns()) {
    const item: Removable = {
      kind: left.orphan === undefined ? "run" : "guest",
      ...await storedRun(left.id),
      // Its lock is held here.
      isBusy: () => Promise.resolve(false),
      remove: () => removeLeft(left).then(() => true),
    };
    if (await bin.drop(item, left.why)) gone.add(left.id);
  }
  for (const path of await leftSockets()) {
    await bin.sort({
      ...{ kind: "sockets", path, what: basename(path), bytes: await diskBytes(path) },
      isBusy: () => Promise.resolve(false),
      remove: () => Deno.remove(path, { recursive: true }).then(() => true),
    }, "its run is gone");
  }
  for (const id of await runIds()) {
    if (!gone.has(id)) bin.keep({ kind: "run", ...await storedRun(id) });
  }
  return gone;
}

async function storedRun(id: string) {
  const path = join(runsDir(), id);
  const bytes = await diskBytes(path) + await diskBytes(join(socketDir(), id));
  return { path, what: id, bytes };
}
