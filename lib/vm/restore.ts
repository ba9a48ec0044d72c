import { GuestError } from "../base/errors.ts";
import { settlesWithin } from "../base/time/wait.ts";
import { loadState } from "../qemu/migrate.ts";
import type { GuestPlan, OpenedGuest } from "./plan.ts";
import type { OnNote } from "../guest/connect_guest.ts";
import { launchGuest } from "./launch_guest.ts";
import type { Snapshot } from "./snapshots.ts";

/** How long a guest may take until its state is loaded and it has been corrected, under TCG. */
const RESTORE_MS = 30_000;
/** How long QEMU may take to end once it has closed its connections. */
const ENDING_MS = 500;

/**
 * Starts a guest from a snapshot and hands the snapshot over to it. `start` is `cold` if the
 * snapshot had to be made first. Throws {@link GuestError} with QEMU's own words.
 */
export async function restoreGuest<Session extends AsyncDisposable>(
  snapshot: Snapshot,
  plan: GuestPlan<Session>,
  { start, clock, onNote }: {
    readonly start: "warm" | "cold";
    readonly clock: () => number;
    readonly onNote: OnNote;
  },
): Promise<OpenedGuest<Session>> {
  const times: Record<string, number> = {};
  const mark = (moment: string) => void (times[moment] = clock());
  await using stack = new AsyncDisposableStack();
  stack.use(snapshot);
  const launched = stack.use(await launchGuest(plan, { from: snapshot }));
  const { guest, signal } = launched;
  mark("launched");
  let session: Session;
  try {
    await loadState(guest.qmp, {
      ...{ name: plan.name, signal, path: snapshot.state, deadlineMs: RESTORE_MS },
      socketPath: launched.socket("state"),
    });
    mark("loaded");
    await guest.qmp.execute("cont", undefined, { timeoutMs: RESTORE_MS, signal });
    session = stack.use(await plan.snapshot.resume(launched, RESTORE_MS, mark));
  } catch (error) {
    signal.throwIfAborted();
    // QEMU ends when it cannot load a state, and says why.
    if (await settlesWithin(guest.exited, ENDING_MS) === "late") throw error;
    const { output } = await guest.exited;
    throw new GuestError("QEMU has ended", { details: output, cause: error });
  }
  await launched.record;
  mark("connected");
  onNote(`restored: ${JSON.stringify(times)}`, "info");
  const resources = stack.move();
  return {
    ...{ ...launched, session, start, bootSeconds: times.connected ?? 0 },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
