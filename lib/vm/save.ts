import { startClock } from "../base/time/clock.ts";
import { settlesWithin } from "../base/time/wait.ts";
import { bootTwice, type OnNote } from "../guest/connect_guest.ts";
import { saveState } from "../qemu/migrate.ts";
import type { SnapshotPlan } from "./plan.ts";
import { launchGuest } from "./launch_guest.ts";
import { snapshotPaths } from "./snapshots.ts";

/** The boot before the save failed, as any other would; the cause says why. */
export class BootFailed extends Error {}

/** How long QEMU may take to save a guest. */
const SAVE_MS = 60_000;

/** QEMU gets this signal when its memory file finds no room on the disk. */
const SIGBUS = 7;

/**
 * Boots a guest and writes a snapshot into a directory. Throws {@link BootFailed} if booting fails.
 */
export async function saveSnapshot<Session extends AsyncDisposable>(
  dir: string,
  plan: SnapshotPlan<Session>,
  onNote: OnNote,
): Promise<void> {
  await bootTwice(() => bootAndSave(dir, plan, onNote), plan.saved.logs, onNote);
}

async function bootAndSave<Session extends AsyncDisposable>(
  dir: string,
  { saved, rest }: SnapshotPlan<Session>,
  onNote: OnNote,
): Promise<void> {
  const paths = snapshotPaths(dir);
  const clock = startClock();
  const times: Record<string, number> = {};
  const mark = (moment: string) => void (times[moment] = clock());
  await Deno.remove(paths.memory).catch(() => {});
  {
    await using launched = await launchGuest(saved, { into: paths });
    const { guest, signal } = launched;
    const session = await saved.logIn(launched).catch(async (cause) => {
      const noRoom = launched.failed.aborted ||
        await settlesWithin(guest.exited, 0) === "settled" &&
          (await guest.exited).code === 128 + SIGBUS;
      throw noRoom ? cause : new BootFailed("boot", { cause });
    });
    await using _session = session;
    mark("booted");
    await rest(launched, session);
    mark("quiesced");
    await guest.qmp.execute("stop", undefined, { signal });
    await saveState(guest.qmp, {
      ...{ name: saved.name, signal, path: paths.state, deadlineMs: SAVE_MS },
      socketPath: launched.socket("state"),
    });
    launched.releaseOverlay();
    mark("saved");
  }
  onNote(`snapshot: ${JSON.stringify(times)}`, "info");
}
