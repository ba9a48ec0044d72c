import { delay } from "@std/async";
import { GuestError, TaskError } from "../base/errors.ts";
import { describeExit, type GuestExit, type GuestLogs } from "../qemu/launch.ts";
import { ConsoleLog, spellAdvice } from "./console.ts";
import type { ConsoleCause } from "./console_causes.ts";
import { diagnoseCommand } from "../base/process/diagnose_command.ts";
import { SshConnectError } from "./ssh_failure.ts";

/** A guest was not ready in time, and nothing on its console says why. */
export class BootTimeoutError extends GuestError {
  override name = "BootTimeoutError";
}

/** What {@link waitForReady} needs to know about a guest; `startGuest()` returns it. */
interface StartingGuest {
  readonly name: string;
  readonly logs: GuestLogs;
  readonly exited: Promise<GuestExit>;
}

/** How far a guest is, for progress. */
export interface Readiness {
  readonly elapsedMs: number;
  /** The newest line of the console. */
  readonly lastLine: string;
  /** Whether the guest has announced that it listens, so that only the login is missing. */
  readonly ready: boolean;
}

/** What {@link waitForReady} takes. */
export interface ReadinessOptions<Connection> {
  /** How long the guest may take, from this call on. */
  readonly deadlineMs: number;
  /** Tries to log in once, for at most `deadlineMs`; throws `SshConnectError` if that fails. */
  readonly connect: (
    options: { readonly signal: AbortSignal; readonly deadlineMs: number },
  ) => Promise<Connection>;
  /** Default: one of the guest's console. */
  readonly console?: ConsoleLog;
  /** Whether the guest is known to be listening, whatever its console says. */
  readonly announced?: boolean;
  readonly signal?: AbortSignal;
  /** Called when something has changed. */
  readonly onProgress?: (readiness: Readiness) => void;
  /** Time between two reads of the console. Default 50. */
  readonly pollMs?: number;
  /**
   * Time between tries without an announcement, which foreign images lack. Default 5000: costs 1 s.
   */
  readonly knockMs?: number;
}

/** How long one try may take while the guest has not announced itself. */
const KNOCK_DEADLINE_MS = 10_000;
/** Time between two tries after the announcement: the guest listens, so it must work soon. */
const RETRY_MS = 250;
/** A try with all the remaining time fails with the deadline, or some milliseconds before. */
const TIMER_SLACK_MS = 10;
/** How many console lines an error shows. */
const SHOWN_LINES = 40;

/**
 * Waits until a guest can be logged in to, and returns the connection. It tries when the guest
 * announces itself on its console, and every few seconds.
 *
 * Throws {@link GuestError} with the console's last lines when QEMU ends, when the console or a try
 * shows a final cause, or after the deadline; or the reason of the signal.
 */
export async function waitForReady<Connection>(
  guest: StartingGuest,
  options: ReadinessOptions<Connection>,
): Promise<Connection> {
  const { console = new ConsoleLog(guest.logs.console), signal } = options;
  const { pollMs = 50, knockMs = 5000 } = options;
  const isReady = () => options.announced === true || console.ready;
  const start = performance.now();
  const elapsedMs = () => performance.now() - start;
  const isLate = () => elapsedMs() > options.deadlineMs - TIMER_SLACK_MS;
  const attempts = new Attempts(options.connect, signal);
  let exit: GuestExit | undefined;
  guest.exited.then((ended) => exit = ended);
  let nextTryMs = knockMs;
  let wasReady = false;
  try {
    while (true) {
      signal?.throwIfAborted();
      const ended = exit;
      const lines = await console.poll();
      if (lines.length > 0) {
        options.onProgress?.({
          elapsedMs: elapsedMs(),
          lastLine: console.tail(1)[0] ?? "",
          ready: isReady(),
        });
      }
      const connection = attempts.takeConnection();
      if (connection !== undefined) return connection.value;
      // What a try says of the deadline is less than what the console does.
      const late = isLate();
      if (!late) attempts.throwIfHopeless();
      // Decided after a poll that follows the end, so that the last output counts.
      if (ended !== undefined) throw exitError(guest, ended, console);
      if (console.cause !== undefined) throw causeError(guest, console.cause, console);
      if (late) {
        throw deadlineError(guest, options.deadlineMs, console, attempts.lastError);
      }
      if (isReady() && !wasReady) {
        // An earlier attempt waits for an answer to packets that the guest never saw.
        wasReady = true;
        await attempts.giveUp();
        nextTryMs = 0;
      }
      if (!attempts.busy && elapsedMs() >= nextTryMs) {
        const leftMs = Math.max(1000, options.deadlineMs - elapsedMs());
        attempts.start(isReady() ? leftMs : Math.min(leftMs, KNOCK_DEADLINE_MS));
        nextTryMs = elapsedMs() + (isReady() ? RETRY_MS : knockMs);
      }
      await Promise.race([delay(pollMs, { signal }), attempts.settled, guest.exited]);
    }
  } finally {
    await attempts.giveUp();
  }
}

/** One try at a time. */
class Attempts<Connection> {
  lastError?: unknown;
  #abort?: AbortController;
  #running?: Promise<void>;
  #connection?: { readonly value: Connection };
  readonly #connect: ReadinessOptions<Connection>["connect"];
  readonly #signal?: AbortSignal;

  constructor(connect: ReadinessOptions<Connection>["connect"], signal?: AbortSignal) {
    this.#connect = connect;
    this.#signal = signal;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when the try that is under way is over; never, while there is none. */
  get settled(): Promise<void> {
    return this.#running ?? new Promise(() => {});
  }

  start(deadlineMs: number): void {
    this.#abort = new AbortController();
    const signal = AbortSignal.any([this.#abort.signal, ...(this.#signal ? [this.#signal] : [])]);
    this.#running = this.#connect({ signal, deadlineMs }).then(
      (value) => void (this.#connection = { value }),
      (error) => void (signal.aborted || (this.lastError = error)),
    ).finally(() => this.#running = undefined);
  }

  /** The connection of a try that succeeded; from then on it is the caller's. */
  takeConnection(): { readonly value: Connection } | undefined {
    const connection = this.#connection;
    this.#connection = undefined;
    return connection;
  }

  /** Throws what no further try would change. */
  throwIfHopeless(): void {
    const error = this.lastError;
    if (error === undefined) return;
    if (!(error instanceof SshConnectError) || !error.retryable) throw error;
  }

  /** Ends the try that is under way, and a connection that nobody took. */
  async giveUp(): Promise<void> {
    this.#abort?.abort(new GuestError("Cannot wait for this try any longer"));
    await this.#running;
    const connection = this.takeConnection()?.value as Partial<AsyncDisposable> | undefined;
    await connection?.[Symbol.asyncDispose]?.();
  }
}

function exitError(guest: StartingGuest, exit: GuestExit, console: ConsoleLog): GuestError {
  if (console.cause !== undefined) return causeError(guest, console.cause, console);
  // With -no-reboot, a guest that resets or powers off ends QEMU with status 0.
  const why = exit.code === 0
    ? "it switched itself off before it was ready"
    : `before it was ready, ${describeExit(exit)}`;
  return new GuestError(`Cannot start guest "${guest.name}": ${why}`, {
    details: [
      ...exit.output,
      ...symptomLines(console),
      ...consoleLines(console),
      `QEMU log: ${guest.logs.qemu}`,
    ],
    next: diagnoseCommand(exit.code === 0 ? guest.logs.console : guest.logs.qemu),
  });
}

function causeError(guest: StartingGuest, fatal: ConsoleCause, console: ConsoleLog): GuestError {
  const cause = leadingCause(fatal, console.symptoms);
  return new GuestError(`Cannot start guest "${guest.name}": ${cause.summary}`, {
    details: [
      ...symptomLines(console),
      ...cause === fatal ? [] : [`${fatal.summary}: ${fatal.line}`],
      ...consoleLines(console),
    ],
    cause,
    next: spellAdvice(
      cause.next,
      { name: guest.name, console: guest.logs.console },
      cause.values,
    ),
  });
}

/** The root cause of a failed start: memory that ran out before a panic, or a missing module. */
function leadingCause(fatal: ConsoleCause, symptoms: readonly ConsoleCause[]): ConsoleCause {
  const causes = symptoms.filter(({ role }) => role === "cause");
  const module = causes.find(({ kind }) => kind.startsWith("module-"));
  // Only the emulator can make a guest hang, and tasks start such a guest again.
  if (module !== undefined && fatal.kind !== "lockup") return module;
  return fatal.role === "consequence" ? causes[0] ?? fatal : fatal;
}

function deadlineError(
  guest: StartingGuest,
  deadlineMs: number,
  console: ConsoleLog,
  lastError: unknown,
): GuestError {
  const why = console.ready
    ? `it announced itself, but nobody could log in within ${deadlineMs / 1000} s`
    : `it was not ready within ${deadlineMs / 1000} s`;
  const lastTry = lastError instanceof TaskError
    ? [`last try: ${lastError.message}`, ...lastError.details]
    : [];
  const Fault = console.symptoms.length === 0 ? BootTimeoutError : GuestError;
  return new Fault(`Cannot start guest "${guest.name}": ${why}`, {
    details: [...symptomLines(console), ...lastTry, ...consoleLines(console)],
    next: `${diagnoseCommand(guest.logs.console)}, or raise timeouts.boot`,
    cause: lastError,
  });
}

function symptomLines(console: ConsoleLog): string[] {
  return console.symptoms.map(({ summary, line }) => `${summary}: ${line}`);
}

function consoleLines(console: ConsoleLog): string[] {
  const lines = console.tail(SHOWN_LINES);
  const step = console.lastStep === undefined ? [] : [`initramfs: ${console.lastStep}`];
  if (lines.length === 0) return [...step, `console: ${console.path} is empty`];
  return [
    ...step,
    `console: ${console.path}, its last ${lines.length} lines:`,
    ...lines.map((line) => `| ${line}`),
  ];
}
