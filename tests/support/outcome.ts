import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { $ } from "../../lib/base/process/dollar.ts";
import type { RunningTask, TaskOutcome } from "./harness.ts";

/** How a task has to fail. */
export interface ExpectedFailure {
  readonly exit: number;
  /** Parts of standard error, such as the first line and the next step. */
  readonly says: readonly string[];
}

/** Fails unless the task failed as expected, for a reason that a user can act on. */
export function assertFailure(outcome: TaskOutcome, { exit, says }: ExpectedFailure): void {
  const { code, stderr } = outcome;
  assertEquals(code, exit, `exit status; standard error was:\n${stderr}`);
  for (const text of says) assertStringIncludes(stderr, text);
  assertNoBug(outcome);
}

/** Fails if the task shows a stack trace, or calls what happened a bug. */
export function assertNoBug({ stderr, stdout }: TaskOutcome): void {
  const text = `${stdout}\n${stderr}`;
  assert(!/^\s+at .+:\d+:\d+\)?$/m.test(text), `a stack trace:\n${text}`);
  assert(!/bug in guesthouse|Uncaught|Stack backtrace/.test(text), `reported as a bug:\n${text}`);
}

/** What a failed task prints with `--json`. */
export interface FailureDocument {
  readonly ok: boolean;
  readonly error: {
    readonly message: string;
    readonly details: readonly string[];
    readonly next: string;
    readonly exit: number;
  };
}

/** The one JSON document on standard output; throws if there is more, or less. */
// deno-lint-ignore no-explicit-any -- documents of many shapes, which the tests look into
export function documentOf<T = any>({ stdout }: TaskOutcome): T {
  return JSON.parse(stdout);
}

/** Ends a task by `kill -9`: the task itself, of which `deno task` is only the parent. */
export async function killHard(task: RunningTask): Promise<void> {
  const pids = (await $`pgrep -P ${task.pid}`.lines()).map(Number);
  assertEquals(pids.length, 1, "deno task has one child");
  Deno.kill(pids[0]!, "SIGKILL");
  await task.outcome;
}
