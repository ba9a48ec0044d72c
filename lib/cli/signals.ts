import { EXIT, InterruptedError } from "../base/errors.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Interrupts closer together are one Ctrl-C: `deno task` passes its own SIGINT on to this process.
 */
const SAME_KEYPRESS_MS = 150;

interface SignalOptions {
  /** Called for the first signal, once {@link Interruption.signal} is aborted. */
  readonly onInterrupt?: (name: Deno.Signal) => void;
  /** Called for each further SIGINT during cleanup. */
  readonly onImpatience?: () => void;
}

/** One AbortSignal for everything that may stop a task from outside. */
interface Interruption extends Disposable {
  /** Aborts with an {@link InterruptedError} that names the signal. */
  readonly signal: AbortSignal;
}

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP into an abort and ignores later ones; a further Ctrl-C
 * calls `onImpatience`. After disposal a signal ends the process at once; the listeners stay, since
 * a pending signal could otherwise change the exit status.
 */
export function listenForSignals(options: SignalOptions = {}): Interruption {
  const controller = new AbortController();
  let lastMs = 0;
  let isCleanedUp = false;
  for (const name of SIGNALS) {
    Deno.addSignalListener(name, () => {
      const isEcho = performance.now() - lastMs < SAME_KEYPRESS_MS;
      lastMs = performance.now();
      if (isCleanedUp) {
        Deno.exit(EXIT.interrupted);
      } else if (!controller.signal.aborted) {
        controller.abort(new InterruptedError(`Interrupted by ${name}`));
        options.onInterrupt?.(name);
      } else if (name === "SIGINT" && !isEcho) {
        options.onImpatience?.();
      }
    });
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void (isCleanedUp = true),
  };
}
