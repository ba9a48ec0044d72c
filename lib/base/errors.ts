import { shorten } from "./text/plain_text.ts";

/** Exit statuses of every task, as users and CI scripts see them. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** The work itself failed: a build, a test, a verification. */
  failed: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** Something is missing on the host. */
  host: 3,
  /** The guest did not start, or stopped unexpectedly. */
  guest: 4,
  /** Interrupted by SIGINT, SIGTERM or SIGHUP. */
  interrupted: 130,
} as const;

/** The longest message or detail that is kept whole: a guest or a project may have written it. */
const MAX_CHARS = 4096;

export type ExitStatus = typeof EXIT[keyof typeof EXIT];

export interface TaskErrorOptions {
  /** Facts that explain the failure, one per line of output. */
  readonly details?: readonly string[];
  /** The command to run, or the file to read, next. */
  readonly next?: string;
  readonly cause?: unknown;
}

/**
 * A failure that a user can act on. The message says what failed and why
 * (`Cannot start guest "x": QEMU exited with status 1`), `details` hold the facts,
 * and `next` the command to run.
 */
export class TaskError extends Error {
  override name = "TaskError";
  readonly exit: ExitStatus;
  readonly details: readonly string[];
  readonly next?: string;

  constructor(exit: ExitStatus, message: string, options: TaskErrorOptions = {}) {
    super(
      shorten(message, MAX_CHARS),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.exit = exit;
    this.details = (options.details ?? []).map((detail) => shorten(detail, MAX_CHARS));
    this.next = options.next;
  }
}

/** Wrong usage or configuration (exit status 2). */
export class UsageError extends TaskError {
  override name = "UsageError";
  constructor(message: string, options?: TaskErrorOptions) {
    super(EXIT.usage, message, options);
  }
}

/** Something is missing on the host (exit status 3). */
export class HostError extends TaskError {
  override name = "HostError";
  constructor(message: string, options?: TaskErrorOptions) {
    super(EXIT.host, message, options);
  }
}

/** The guest did not start, or stopped unexpectedly (exit status 4). */
export class GuestError extends TaskError {
  override name = "GuestError";
  constructor(message: string, options?: TaskErrorOptions) {
    super(EXIT.guest, message, options);
  }
}

/** The work itself failed (exit status 1). */
export class WorkError extends TaskError {
  override name = "WorkError";
  constructor(message: string, options?: TaskErrorOptions) {
    super(EXIT.failed, message, options);
  }
}

/** The user, or the system, asked the task to stop (exit status 130). */
export class InterruptedError extends TaskError {
  override name = "InterruptedError";
  constructor(message = "Interrupted", options?: TaskErrorOptions) {
    super(EXIT.interrupted, message, options);
  }
}

/** The message, indented details, and the next step; a detail that looks like one is escaped. */
export function formatError(error: Pick<TaskError, "message" | "details" | "next">): string {
  const details = error.details.flatMap((detail) => detail.split("\n"))
    .map((line) => `  ${line.replace(/^\s*(?=next:)/, "$&\\")}`);
  const lines = [error.message, ...details];
  if (error.next !== undefined) lines.push(`  next: ${error.next}`);
  return lines.join("\n");
}
