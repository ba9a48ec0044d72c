import { parseArgs } from "@std/cli";
import { checkOptionText, checkPositionals, Findings, restHint } from "./check.ts";
import { UsageError } from "./errors.ts";
import { usageLine } from "./help.ts";
import { scanArguments, type ScannedArguments } from "./scan.ts";
import { allOptions, isNegatable, type OptionSpec, type TaskSpec } from "./spec.ts";

/** The value of an option: what its type says, a list where it repeats, or undefined. */
export type OptionValue = boolean | string | number | readonly string[] | undefined;

/** Arguments after parsing; every option of the spec has an entry in `values`. */
export interface ParsedArguments {
  readonly values: Readonly<Record<string, OptionValue>>;
  readonly positionals: readonly string[];
  /** What follows `--`; empty without it. */
  readonly rest: readonly string[];
}

/**
 * Parses a task's arguments by its spec, with defaults filled in.
 *
 * @throws {UsageError} with every fault at once, the usage line, and `--help` as the next step.
 */
export async function parseArguments(
  spec: TaskSpec,
  args: readonly string[],
): Promise<ParsedArguments> {
  const scanned = scanArguments(spec, args);
  const findings = new Findings();
  scanned.faults.forEach((fault) => findings.fault(fault));

  const values = await readValues(spec, scanned.options, findings);
  if (values.quiet === true && values.verbose === true) {
    findings.fault("--quiet and --verbose exclude each other");
  }
  const { positionals, rest } = splitArguments(spec, scanned);
  // After an unknown option, what looks superfluous may have been meant as its value.
  if (!scanned.hasUnknown) {
    await checkPositionals(spec, positionals, findings);
  } else if (spec.rest !== undefined && scanned.rest === undefined) {
    // Most likely an option of the command that was to be passed through.
    findings.hint(restHint(spec.rest));
  }
  if (spec.rest?.required && rest.length === 0) {
    findings.fault(`missing argument -- ${spec.rest.name}`);
  }
  if (findings.faults.length > 0) throw argumentError(spec, findings);
  return { values, positionals, rest };
}

async function readValues(
  spec: TaskSpec,
  args: string[],
  findings: Findings,
): Promise<Record<string, OptionValue>> {
  const options = allOptions(spec);
  const namesWhere = (is: (option: OptionSpec) => boolean | undefined) =>
    options.filter(is).map(({ name }) => name);
  // parseArgs by itself takes "true" after a flag as its value, loses empty values and
  // guesses at names it was not told of. The scanner leaves it nothing to guess.
  const negatable = namesWhere(isNegatable);
  const raw = parseArgs(args, {
    boolean: namesWhere(({ type }) => type === "boolean"),
    string: namesWhere(({ type }) => type !== "boolean"),
    collect: namesWhere(({ repeat }) => repeat),
    negatable,
    default: Object.fromEntries(negatable.map((name) => [name, true])),
  });
  const values: Record<string, OptionValue> = {};
  for (const option of options) {
    values[option.name] = await readValue(option, raw[option.name], findings);
  }
  return values;
}

async function readValue(
  option: OptionSpec,
  raw: unknown,
  findings: Findings,
): Promise<OptionValue> {
  if (option.type === "boolean") return raw === true;
  const texts = Array.isArray(raw) ? raw.map(String) : raw === undefined ? [] : [String(raw)];
  for (const text of texts) await checkOptionText(option, text, findings);
  if (option.repeat) return texts.length > 0 ? texts : defaultList(option);
  if (texts[0] === undefined) return option.default;
  return option.type === "number" ? Number(texts[0]) : texts[0];
}

function defaultList({ default: value }: OptionSpec): readonly string[] {
  return value === undefined ? [] : [value].flat().map(String);
}

function splitArguments(
  { rest: restSpec }: TaskSpec,
  { positionals, rest = [] }: ScannedArguments,
): Pick<ParsedArguments, "positionals" | "rest"> {
  // Where a task has no use for what follows "--", the word only ends the options.
  return restSpec === undefined
    ? { positionals: [...positionals, ...rest], rest: [] }
    : { positionals, rest };
}

function argumentError(spec: TaskSpec, { faults, hints }: Findings): UsageError {
  const several = faults.length > 1;
  const why = several ? `${faults.length} faults in its arguments` : faults[0];
  return new UsageError(`Cannot run "${spec.name}": ${why}`, {
    details: [...several ? faults : [], ...hints, `usage: ${usageLine(spec)}`],
    next: `deno task ${spec.name} --help`,
  });
}
