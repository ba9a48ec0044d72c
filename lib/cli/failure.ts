import { EXIT, type ExitStatus, TaskError } from "../base/errors.ts";

/** An error in the shape that a user sees, on standard error or in the JSON document. */
export interface Failure {
  readonly message: string;
  readonly details: readonly string[];
  readonly next?: string;
  readonly exit: ExitStatus;
  /** The stack of an error that is a bug; undefined for one that a user can act on. */
  readonly stack?: string;
}

/** Describes an error of a task: the original one first, then those of the cleanup. */
export function describeFailure(thrown: unknown, taskName: string): Failure {
  const [original, ...later] = inOrder(thrown).map((error) => describeOne(error, taskName));
  if (later.length === 0) return original!;
  const details = later.flatMap(({ message, details }) => [
    `then, while cleaning up: ${message}`,
    ...details.map((detail) => `  ${detail}`),
  ]);
  const stacks = [original!, ...later].flatMap(({ stack }) => stack ?? []);
  return {
    ...original!,
    details: [...original!.details, ...details],
    ...stacks.length > 0 ? { stack: stacks.join("\n") } : {},
  };
}

/** The errors that a SuppressedError holds, in the order in which they happened. */
function inOrder(thrown: unknown): unknown[] {
  return thrown instanceof SuppressedError
    ? [...inOrder(thrown.suppressed), ...inOrder(thrown.error)]
    : [thrown];
}

/**
 * A {@link TaskError} and Deno's message about a missing permission are shown; the rest are bugs.
 */
function describeOne(thrown: unknown, taskName: string): Failure {
  if (thrown instanceof TaskError) {
    const { message, details, next, exit } = thrown;
    return { message, details, ...next === undefined ? {} : { next }, exit };
  }
  const stack = thrown instanceof Error ? stackOf(thrown) : String(thrown);
  if (thrown instanceof Deno.errors.NotCapable) {
    return {
      message: `Cannot finish "${taskName}": ${thrown.message}`,
      details: ["the permission set of this task in deno.json does not include it"],
      next: "add it to the set, or rerun with --verbose to see which code asked",
      exit: EXIT.failed,
      stack,
    };
  }
  return {
    message: `Cannot finish "${taskName}": ${firstLine(thrown)}`,
    details: ["This is a bug in guesthouse."],
    next: "rerun with --verbose, and report what it prints in the issue tracker of guesthouse",
    exit: EXIT.failed,
    stack,
  };
}

function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return text.split("\n", 1)[0]!;
}

function stackOf(error: Error): string {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${own}\nCaused by ${stackOf(error.cause)}` : own;
}
