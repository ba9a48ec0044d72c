import { join } from "@std/path";
import { GuestError } from "../base/errors.ts";
import type { Guest } from "../qemu/launch.ts";
import { loadState } from "../qemu/migrate.ts";
import { settlesWithin } from "../base/time/wait.ts";

/** How long a guest may take until its state is loaded and it has been corrected, under TCG. */
const RESTORE_MS = 30_000;
/** How long QEMU may take to end once it has closed its connections. */
const ENDING_MS = 500;

/** What {@link resumeState} takes. */
export interface ResumeOptions {
  /** The file of the state. */
  readonly state: string;
  /** Private folder for the socket over which QEMU receives it. */
  readonly socketDir: string;
  readonly signal: AbortSignal;
  /** Called when the state is loaded, before anything runs. */
  readonly onLoaded?: () => void;
  /** Gives the guest its own time and random numbers, as soon as it runs. */
  readonly correct: (wait: { timeoutMs: number; signal: AbortSignal }) => Promise<void>;
}

/**
 * Gives a guest that was started with `-incoming defer` its state, lets it run and corrects it.
 * Throws {@link GuestError}, with QEMU's own words where it has ended.
 */
export async function resumeState(guest: Guest, options: ResumeOptions): Promise<void> {
  const { state, socketDir, signal } = options;
  const wait = { timeoutMs: RESTORE_MS, signal };
  try {
    await loadState(guest.qmp, {
      ...{ name: guest.name, signal, path: state, deadlineMs: RESTORE_MS },
      socketPath: join(socketDir, "state"),
    });
    options.onLoaded?.();
    await guest.qmp.execute("cont", undefined, wait);
    await options.correct(wait);
  } catch (error) {
    signal.throwIfAborted();
    // QEMU ends when it cannot load a state, and says why.
    if (await settlesWithin(guest.exited, ENDING_MS) === "late") throw error;
    const { output } = await guest.exited;
    throw new GuestError("QEMU has ended", { details: output, cause: error });
  }
}
