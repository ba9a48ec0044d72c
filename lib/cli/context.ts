import type { Log } from "./log.ts";
import { writeStdout } from "./output.ts";
import type { OptionValue, ParsedArguments } from "./parse.ts";
import { plainText } from "./plain_text.ts";
import type { Report } from "./report.ts";
import { writeStderr } from "./screen.ts";
import { allOptions, type OptionSpec, type TaskSpec } from "./spec.ts";

/** What a running task has at hand. */
export interface TaskContext {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP; its reason is an InterruptedError. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Whether somebody can be asked: terminals for question and answer, and no `--json`. */
  readonly interactive: boolean;
  readonly values: Readonly<Record<string, OptionValue>>;
  /** The value of a string option. */
  str(name: string): string | undefined;
  /** The value of a number option. */
  num(name: string): number | undefined;
  /** Whether a boolean option is on. */
  flag(name: string): boolean;
  /** The values of a repeated option. */
  list(name: string): readonly string[];
  readonly positionals: readonly string[];
  /** What followed `--`. */
  readonly rest: readonly string[];
  /** Sets the JSON document that `--json` prints when the task ends; the last call counts. */
  result(value: unknown): void;
  /** A line of the task's output: standard output, or standard error under `--json`. */
  print(line: string): void;
  /**
   * Names what is being waited for until it is disposed; told to a user who presses Ctrl-C
   * again during cleanup: `using _ = ctx.waitingFor('guest "debian-amd64" to shut down')`.
   */
  waitingFor(what: string): Disposable;
}

/** What a {@link TaskContext} is put together from. */
export interface ContextParts {
  readonly spec: TaskSpec;
  readonly parsed: ParsedArguments;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly report: Report;
  /** Receives what {@link TaskContext.waitingFor} names. */
  readonly waits: string[];
}

/** Puts a {@link TaskContext} together. */
export function createContext(
  { spec, parsed, log, signal, report, waits }: ContextParts,
): TaskContext {
  const { values, positionals, rest } = parsed;
  // A task may omit common options; its context says "off" for them.
  const isOn = (name: string) => values[name] === true;
  return {
    ...typedReaders(spec, values),
    signal,
    log,
    json: report.json,
    dryRun: isOn("dry-run"),
    yes: isOn("yes"),
    quiet: isOn("quiet"),
    verbose: isOn("verbose"),
    interactive: !report.json && Deno.stdin.isTerminal() && Deno.stderr.isTerminal(),
    values,
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

type Readers = Pick<TaskContext, "str" | "num" | "flag" | "list">;

/** Readers that throw where the task asks for an option that its spec does not have. */
function typedReaders(spec: TaskSpec, values: TaskContext["values"]): Readers {
  const kinds = new Map(allOptions(spec).map((option) => [option.name, kindOf(option)]));
  // The parser gives each value the kind that its spec says, so the casts below hold.
  const read = (kind: string, name: string): OptionValue => {
    if (kinds.get(name) === kind) return values[name];
    throw new TypeError(
      `Cannot read option "${name}": the task's spec has no ${kind} of that name`,
    );
  };
  return {
    str: (name) => read("string", name) as string | undefined,
    num: (name) => read("number", name) as number | undefined,
    flag: (name) => read("boolean", name) as boolean,
    list: (name) => read("list", name) as readonly string[],
  };
}

function kindOf({ type, repeat }: OptionSpec): string {
  return repeat ? "list" : type;
}
