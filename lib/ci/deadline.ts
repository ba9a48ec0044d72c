import { WorkError } from "../base/errors.ts";

/** The time limit for a platform's whole build. Disposal stops the clock. */
export interface Deadline extends Disposable {
  /**
   * Aborts with the reason of the task's signal, or with a {@link WorkError} that names the phase.
   */
  readonly signal: AbortSignal;
  /** Names the build's current phase. */
  phase(name: string): void;
}

interface DeadlineOptions {
  readonly name: string;
  /** Milliseconds from now on. */
  readonly totalMs: number;
  readonly signal: AbortSignal;
}

/** The longest delay that timers take: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** Starts the clock of `timeouts.total`: one for all phases, so that none of them can hang. */
export function startDeadline({ name, totalMs, signal }: DeadlineOptions): Deadline {
  const over = new AbortController();
  let current = "start";
  const timer = setTimeout(() => {
    over.abort(
      new WorkError(
        `Cannot finish the build on ${name}: it still ran after ${
          totalMs / 1000
        } s, in phase "${current}"`,
        { next: 'set a longer "total" in "timeouts" of guesthouse.json' },
      ),
    );
  }, Math.min(totalMs, LONGEST_MS));
  return {
    signal: AbortSignal.any([signal, over.signal]),
    phase: (name) => void (current = name),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
