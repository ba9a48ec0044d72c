import { parseArgs } from "@std/cli";
import { checkOptionText, checkPositionals, Findings, restHint } from "./check.ts";
import { UsageError } from "../base/errors.ts";
import { usageLine } from "./help.ts";
import {
  camelCase,
  type CommonValues,
  type OptionsOf,
  type PositionalsOf,
} from "./option_values.ts";
import { scanArguments, type ScannedArguments } from "./scan.ts";
import { allOptions, isNegatable, type OptionSpec, type TaskSpec } from "./spec.ts";
import { Given } from "./together.ts";

/** The value of an option: of its type, a list if it repeats, or undefined. */
type OptionValue = boolean | string | number | readonly string[] | undefined;

export interface ParsedArguments<Spec extends TaskSpec = TaskSpec> {
  /** Every option of the spec by its name in camelCase, the common ones included. */
  readonly opt: OptionsOf<Spec> & CommonValues;
  readonly positionals: PositionalsOf<Spec>;
  /** The words after `--`; empty without it. */
  readonly rest: readonly string[];
}

/**
 * Parses a task's arguments by its spec, with defaults filled in.
 *
 * @throws {UsageError} with all errors at once, the usage line, and `--help` as the next step.
 */
export async function parseArguments<Spec extends TaskSpec>(
  spec: Spec,
  args: readonly string[],
  readEnv: (name: string) => string | undefined = (name) => Deno.env.get(name),
): Promise<ParsedArguments<Spec>> {
  const scanned = scanArguments(spec, args);
  const findings = new Findings();
  scanned.faults.forEach((fault) => findings.fault(fault));

  const opt = await readValues(spec, scanned.options, readEnv, findings);
  const { positionals, rest } = splitArguments(spec, scanned);
  const given = new Given(spec, {
    options: scanned.options,
    // After an unknown option, an apparent argument may have been meant as its value.
    positionals: scanned.hasUnknown ? [] : positionals,
    rest,
  });
  given.faults().forEach((fault) => findings.fault(fault));
  if (!scanned.hasUnknown) {
    await checkPositionals(spec, positionals, given, findings);
  } else if (spec.rest !== undefined && scanned.rest === undefined) {
    // Most likely an option of the command that was to be passed through.
    findings.hint(restHint(spec.rest));
  }
  if (spec.rest?.required && rest.length === 0) {
    const missing = given.missing(`-- ${spec.rest.name}`, spec.rest.unless);
    if (missing !== undefined) findings.fault(`missing argument ${missing}`);
  }
  if (findings.faults.length > 0) throw argumentError(spec, findings);
  // Each value was read and checked by the spec that its type is derived from.
  return { opt, positionals, rest } as unknown as ParsedArguments<Spec>;
}

async function readValues(
  spec: TaskSpec,
  args: string[],
  readEnv: (name: string) => string | undefined,
  findings: Findings,
): Promise<Record<string, OptionValue>> {
  const options = allOptions(spec);
  const namesWhere = (is: (option: OptionSpec) => boolean | undefined) =>
    options.filter(is).map(({ name }) => name);
  // parseArgs alone takes "true" after a flag as its value, loses empty values and guesses the
  // types of unknown names. The scanner leaves it nothing to guess.
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
    const { name, env } = option;
    const preset = env === undefined ? undefined : readEnv(env) || undefined;
    const [shown, text] = raw[name] === undefined
      ? [env ?? name, preset]
      : [`--${name}`, raw[name]];
    values[camelCase(name)] = await readValue(option, shown, text, findings);
  }
  return values;
}

/** @param shown its name in error messages: the option, or the environment variable */
async function readValue(
  option: OptionSpec,
  shown: string,
  raw: unknown,
  findings: Findings,
): Promise<OptionValue> {
  if (option.type === "boolean") return raw === true;
  const texts = Array.isArray(raw) ? raw.map(String) : raw === undefined ? [] : [String(raw)];
  for (const text of texts) await checkOptionText(option, shown, text, findings);
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
): { readonly positionals: readonly string[]; readonly rest: readonly string[] } {
  // If a task takes no words after "--", it only ends the options.
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
