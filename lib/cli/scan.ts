import { allOptions, isNegatable, type OptionSpec, placeholder, type TaskSpec } from "./spec.ts";
import { nearest } from "./suggest.ts";

/** Arguments in an unambiguous form, and the errors in them. */
export interface ScannedArguments {
  /** `--name=value`, `--flag` and `--no-flag` only; a value that is empty has no `=`. */
  readonly options: string[];
  readonly positionals: string[];
  /** The words after `--`, unchanged; undefined without `--`. */
  readonly rest: string[] | undefined;
  readonly faults: string[];
  /** Whether one of the errors is an option that the task does not have. */
  hasUnknown: boolean;
}

interface Names {
  readonly long: ReadonlyMap<string, OptionSpec>;
  readonly negated: ReadonlyMap<string, OptionSpec>;
  readonly short: ReadonlyMap<string, OptionSpec>;
}

/**
 * Reads arguments from left to right; options may be anywhere before `--`, and flags of one letter
 * may share a dash (`-qy`). A word with a leading dash is no value of the option before it (write
 * `--name=-x`), except a negative number.
 */
export function scanArguments(spec: TaskSpec, args: readonly string[]): ScannedArguments {
  const names = namesOf(spec);
  const end = args.indexOf("--");
  const queue = end === -1 ? [...args] : args.slice(0, end);
  const scanned: ScannedArguments = {
    options: [],
    positionals: [],
    rest: end === -1 ? undefined : args.slice(end + 1),
    faults: [],
    hasUnknown: false,
  };
  while (queue.length > 0) {
    const word = queue.shift()!;
    if (word.startsWith("--")) scanLong(word, queue, names, scanned);
    else if (word.startsWith("-") && word.length > 1) scanShort(word, queue, names, scanned);
    else scanned.positionals.push(word);
  }
  return scanned;
}

function namesOf(spec: TaskSpec): Names {
  const options = allOptions(spec);
  return {
    long: new Map(options.map((option) => [option.name, option])),
    negated: new Map(options.filter(isNegatable).map((option) => [`no-${option.name}`, option])),
    short: new Map(
      options.flatMap((option) => option.short === undefined ? [] : [[option.short, option]]),
    ),
  };
}

function scanLong(word: string, queue: string[], names: Names, into: ScannedArguments): void {
  const equals = word.indexOf("=");
  const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
  const inline = equals === -1 ? undefined : word.slice(equals + 1);
  const option = names.long.get(name) ?? names.negated.get(name);
  if (option === undefined) addUnknown(`--${name}`, `--${name}`, names, into);
  else if (option.type !== "boolean") addValue(option, `--${name}`, inline, queue, into);
  else if (inline !== undefined) into.faults.push(`--${name} takes no value, found "${inline}"`);
  else into.options.push(`--${name}`);
}

function scanShort(word: string, queue: string[], names: Names, into: ScannedArguments): void {
  for (let index = 1; index < word.length; index++) {
    const letter = word[index]!;
    const option = names.short.get(letter);
    if (option === undefined) {
      return addUnknown(`-${letter}`, word.replace(/=.*$/s, ""), names, into);
    }
    if (option.type !== "boolean") {
      const attached = word.slice(index + 1).replace(/^=/, "");
      const hasInline = index + 1 < word.length;
      return addValue(option, `-${letter}`, hasInline ? attached : undefined, queue, into);
    }
    into.options.push(`--${option.name}`);
  }
}

function addValue(
  option: OptionSpec,
  shown: string,
  inline: string | undefined,
  queue: string[],
  into: ScannedArguments,
): void {
  const value = inline ?? takeValue(option, queue);
  if (value === undefined) into.faults.push(missingValue(option, shown, queue[0]));
  else into.options.push(value === "" ? `--${option.name}` : `--${option.name}=${value}`);
}

function takeValue(option: OptionSpec, queue: string[]): string | undefined {
  const next = queue[0];
  if (next === undefined) return undefined;
  const isNegative = option.type === "number" && /^-\d/.test(next);
  const looksLikeOption = next.startsWith("-") && next.length > 1;
  return looksLikeOption && !isNegative ? undefined : queue.shift();
}

function missingValue(option: OptionSpec, shown: string, next: string | undefined): string {
  const needs = `${shown} needs a value: ${shown} ${placeholder(option)}`;
  return next === undefined ? needs : `${needs} (for "${next}" itself: --${option.name}=${next})`;
}

/** @param word what was typed, which may be a long name behind a single dash (`-json`) */
function addUnknown(shown: string, word: string, names: Names, into: ScannedArguments): void {
  const wanted = word.replace(/^-+/, "");
  const near = wanted.length > 1
    ? nearest(wanted, [...names.long.keys(), ...names.negated.keys()])
    : undefined;
  into.hasUnknown = true;
  into.faults.push(
    near === undefined
      ? `unknown option "${shown}"`
      : `unknown option "${word}", did you mean "--${near}"?`,
  );
}
