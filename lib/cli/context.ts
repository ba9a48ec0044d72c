import type { Log } from "../base/terminal/log.ts";
import { writeStdout } from "../base/terminal/output.ts";
import { plainText } from "../base/text/plain_text.ts";
import type { OptionsOf, PositionalsOf } from "./option_values.ts";
import type { ParsedArguments } from "./parse.ts";
import type { Report } from "./task_report.ts";
import { writeStderr } from "../base/terminal/screen.ts";
import type { TaskSpec } from "./spec.ts";

/** The context that the `main` of a task with this spec gets. */
export type ContextOf<Spec extends TaskSpec> = TaskContext<OptionsOf<Spec>, PositionalsOf<Spec>>;

/** The context of a running task, for code that does not need the task's own arguments. */
export interface TaskContext<Options = unknown, Positionals = unknown> {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP; its reason is an InterruptedError. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Whether the task can ask questions: terminals for question and answer, and no `--json`. */
  readonly interactive: boolean;
  /** The values of the task's own options, each by its name in camelCase. */
  readonly opt: Options;
  readonly positionals: Positionals;
  /** What followed `--`. */
  readonly rest: readonly string[];
  /** Sets the JSON document that `--json` prints when the task ends; the last call counts. */
  result(value: unknown): void;
  /** A line of the task's output: standard output, or standard error under `--json`. */
  print(line: string): void;
  /** Names what the task is waiting for, for a user who presses Ctrl-C again, until disposed. */
  waitingFor(what: string): Disposable;
}

interface ContextParts<Spec extends TaskSpec> {
  readonly parsed: ParsedArguments<Spec>;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly report: Report;
  /** Receives what {@link TaskContext.waitingFor} names. */
  readonly waits: string[];
}

export function createContext<Spec extends TaskSpec>(
  { parsed, log, signal, report, waits }: ContextParts<Spec>,
): ContextOf<Spec> {
  const { opt, positionals, rest } = parsed;
  return {
    signal,
    log,
    json: report.json,
    // A task may omit common options; its context says "off" for them.
    dryRun: opt.dryRun === true,
    yes: opt.yes === true,
    quiet: opt.quiet === true,
    verbose: opt.verbose === true,
    interactive: !report.json && Deno.stdin.isTerminal() && Deno.stderr.isTerminal(),
    opt,
    positionals,
    rest,
    result: (value) => report.setResult(value),
    print(line) {
      const text = `${plainText(line)}\n`;
      if (report.json) writeStderr(text);
      else writeStdout(text);
    },
    waitingFor(what) {
      waits.push(what);
      return { [Symbol.dispose]: () => void waits.splice(waits.indexOf(what), 1) };
    },
  };
}
