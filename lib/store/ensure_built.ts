import { acquireLock } from "../base/files/lock.ts";
import { makerLock, sweepUnfinished, type UnfinishedKind } from "./unfinished.ts";

/** How an entry is built, and what its build reports to. */
export interface BuildOptions {
  readonly signal: AbortSignal;
  /** Called as each stage begins, with its name. */
  readonly onPhase: (phase: string) => void;
  /** Called with each line that the programs underneath print. */
  readonly log: (line: string) => void;
  /** Told what a user should know of what is built all the same. */
  readonly warn?: (line: string) => void;
}

interface BuildState {
  /** Why it would be built, one line for each input that differs; empty when it is fresh. */
  readonly reasons: readonly string[];
}

/** Ensures that an entry matches its recipe; of several tasks one builds. Returns why, if built. */
export async function ensureBuilt<State extends BuildState>(
  { kind, of, title, look, build }: {
    readonly kind: UnfinishedKind;
    /** See {@link makerLock}. */
    readonly of: string;
    readonly title: string;
    /** Determines its state; `locked` once no other task can be building it. */
    look(locked: boolean): Promise<State>;
    /** Makes and publishes it. What killed builds have left is gone by then. */
    build(state: State): Promise<void>;
  },
  { signal, onPhase, log, force }: BuildOptions & { readonly force?: boolean | undefined },
): Promise<{ state: State; built: boolean; reasons: readonly string[] }> {
  const before = await look(false);
  const wasFresh = before.reasons.length === 0;
  if (wasFresh && !force) return { state: before, built: false, reasons: [] };
  await using _lock = await acquireLock(makerLock(kind, of), {
    signal,
    purpose: `building ${title}`,
    onWait: (holder) => onPhase(`waiting for ${holder || "another build"}`),
  });
  const state = await look(true);
  const isFresh = state.reasons.length === 0;
  // Another task may have built it in the meantime.
  if (isFresh && !(force && wasFresh)) return { state, built: false, reasons: [] };
  const reasons = isFresh ? ["--force was given"] : state.reasons;
  reasons.forEach((reason) => log(`building ${title}: ${reason}`));
  await sweepUnfinished(kind, of);
  await build(state);
  return { state, built: true, reasons };
}
