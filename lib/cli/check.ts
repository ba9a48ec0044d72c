import {
  type Choices,
  listChoices,
  type OptionSpec,
  type PositionalSpec,
  type RestSpec,
  type TaskSpec,
} from "./spec.ts";
import { didYouMean } from "./suggest.ts";
import type { Given } from "./together.ts";

/** Collects the errors of a command line, so that all are reported at once. */
export class Findings {
  readonly faults: string[] = [];
  /** Hints for the errors, such as the available choices. */
  readonly hints: string[] = [];

  fault(text: string): void {
    this.faults.push(text);
  }

  hint(text: string): void {
    if (!this.hints.includes(text)) this.hints.push(text);
  }
}

/** Checks the text of an option's value; `shown` is the option's name in errors. */
export async function checkOptionText(
  option: OptionSpec,
  shown: string,
  text: string,
  findings: Findings,
): Promise<void> {
  if (option.type === "number" && !isWantedNumber(option, text)) {
    findings.fault(`${shown} must be ${describeNumber(option)}, found "${text}"`);
  }
  await checkChoice(shown, option.choices, text, findings);
}

function isWantedNumber({ fraction, min = -Infinity, max = Infinity }: OptionSpec, text: string) {
  const pattern = fraction ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  const number = Number(text);
  const isExact = fraction || Number.isSafeInteger(number);
  return pattern.test(text) && isExact && number >= min && number <= max;
}

/** The numbers that an option accepts: `a whole number of MiB from 256 to 4096`. */
function describeNumber({ fraction, unit, min, max }: OptionSpec): string {
  const kind = `${fraction ? "a number" : "a whole number"}${unit ? ` of ${unit}` : ""}`;
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind}, ${min} or more`;
  if (max !== undefined) return `${kind}, ${max} or less`;
  return kind;
}

/** Checks number and values of the positional arguments. */
export async function checkPositionals(
  spec: TaskSpec,
  found: readonly string[],
  given: Given,
  findings: Findings,
): Promise<void> {
  const wanted = spec.positionals ?? [];
  for (const { name, required, unless, choices } of wanted.slice(found.length)) {
    const missing = required ? given.missing(name, unless) : undefined;
    if (missing === undefined) continue;
    findings.fault(`missing argument ${missing}`);
    if (choices !== undefined) findings.hint(choicesHint(name, await listChoices(choices)));
  }
  for (const [index, text] of found.entries()) {
    const positional = positionalAt(wanted, index);
    if (positional === undefined) {
      findings.fault(`unexpected argument "${text}"`);
      if (spec.rest !== undefined) findings.hint(restHint(spec.rest));
      return;
    }
    await checkChoice(positional.name, positional.choices, text, findings);
  }
}

/** Where to put the words of another command. */
export function restHint({ name }: RestSpec): string {
  return `${name} goes after "--"`;
}

/** The positional that takes the argument at this index; the last one may take several. */
export function positionalAt(
  wanted: readonly PositionalSpec[],
  index: number,
): PositionalSpec | undefined {
  const last = wanted.at(-1);
  return wanted[index] ?? (last?.repeat ? last : undefined);
}

async function checkChoice(
  name: string,
  choices: Choices | undefined,
  text: string,
  findings: Findings,
): Promise<void> {
  if (choices === undefined) return;
  const known = await listChoices(choices);
  if (known.includes(text)) return;
  findings.fault(`unknown ${name} "${text}"${didYouMean(text, known)}`);
  findings.hint(choicesHint(name, known));
}

function choicesHint(name: string, known: readonly string[]): string {
  return known.length === 0
    ? `there is no ${name} to choose from`
    : `${name} is ${known.length > 1 ? "one of " : ""}${known.join(", ")}`;
}
