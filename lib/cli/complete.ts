import { positionalAt } from "./check.ts";
import { scanArguments } from "./scan.ts";
import {
  allOptions,
  type Choices,
  listChoices,
  type OptionSpec,
  optionWord,
  placeholder,
  type PositionalSpec,
  type TaskSpec,
} from "./spec.ts";
import { Given } from "./together.ts";

interface Candidate {
  readonly word: string;
  readonly help?: string;
}

/** The candidates at the cursor; paths are left to the shell, which knows how to quote them. */
interface Completion {
  readonly candidates: readonly Candidate[];
  readonly paths?: "files" | "directories";
}

const NOTHING: Completion = { candidates: [] };

/**
 * Completes a command line.
 *
 * @param words from the command (`deno task NAME ...` or `just NAME ...`) to the word at the cursor
 * @param specs looks the tasks up, once and only when needed
 */
export async function complete(
  words: readonly string[],
  specs: () => Promise<readonly TaskSpec[]>,
): Promise<Completion> {
  const before = words.slice(0, -1);
  const typed = words.at(-1) ?? "";
  const args = taskArguments(before);
  if (args === undefined) return NOTHING;
  const tasks = await specs();
  if (args.length === 0) {
    return fitting(typed, tasks.map(({ name, summary }) => ({ word: name, help: summary })));
  }
  const spec = tasks.find(({ name }) => name === args[0]);
  return spec === undefined ? NOTHING : await completeArgument(spec, args.slice(1), typed);
}

/** The words from the task's name on; undefined if the command line runs no task. */
function taskArguments([command, ...words]: readonly string[]): string[] | undefined {
  let rest = words;
  if (command === "deno") {
    if (words[0] !== "task") return undefined;
    rest = words.slice(1);
  } else if (command !== "just") {
    return undefined;
  }
  // Flags of deno or just come before the name.
  const start = rest.findIndex((word) => !word.startsWith("-"));
  return start === -1 ? [] : rest.slice(start);
}

async function completeArgument(
  spec: TaskSpec,
  args: readonly string[],
  typed: string,
): Promise<Completion> {
  // What follows "--" belongs to another program.
  if (args.includes("--")) return NOTHING;
  const options = allOptions(spec);
  const pending = takesNext(options, args.at(-1));
  if (pending !== undefined) return await completeValue(pending, "", typed);
  if (typed.startsWith("--") && typed.includes("=")) {
    const name = typed.slice(2, typed.indexOf("="));
    const option = options.find((known) => known.name === name && known.type !== "boolean");
    const start = typed.slice(0, typed.indexOf("=") + 1);
    return option === undefined
      ? NOTHING
      : await completeValue(option, start, typed.slice(start.length));
  }
  const scanned = scanArguments(spec, args);
  const given = new Given(spec, scanned);
  if (typed.startsWith("-")) return fitting(typed, optionCandidates(options, given));
  const positional = await completePositional(spec, scanned.positionals, given, typed);
  const isIdle = typed === "" && positional.candidates.length === 0 && !positional.paths;
  return isIdle ? fitting("", optionCandidates(options, given)) : positional;
}

/** The option whose value is the word after this one. */
function takesNext(
  options: readonly OptionSpec[],
  word: string | undefined,
): OptionSpec | undefined {
  if (word === undefined) return undefined;
  return options.find(({ name, short, type }) =>
    type !== "boolean" && (word === `--${name}` || (short !== undefined && word === `-${short}`))
  );
}

function optionCandidates(options: readonly OptionSpec[], given: Given): Candidate[] {
  return options
    .filter((option) =>
      given.suits(option) && !given.excludes(option.name) &&
      (option.repeat || !given.has(option.name))
    )
    .map((option) => ({
      word: optionWord(option),
      help: option.help,
    }));
}

async function completePositional(
  spec: TaskSpec,
  before: readonly string[],
  given: Given,
  typed: string,
): Promise<Completion> {
  const positional = positionalAt(spec.positionals ?? [], before.length);
  if (positional === undefined || given.excludes(positional.name)) return NOTHING;
  const words = await listWords(positional);
  const isUsed = (word: string) => positional.repeat === true && before.includes(word);
  return words === undefined
    ? { candidates: [], ...pathsFor(positional.name) }
    : fitting(typed, words.filter((word) => !isUsed(word)).map((word) => ({ word })));
}

async function completeValue(
  option: OptionSpec,
  start: string,
  typed: string,
): Promise<Completion> {
  const words = await listWords(option);
  return words === undefined
    ? { candidates: [], ...pathsFor(placeholder(option)) }
    : fitting(start + typed, words.map((word) => ({ word: start + word })));
}

async function listWords(
  { choices, suggestions }: Pick<OptionSpec | PositionalSpec, "choices" | "suggestions">,
): Promise<readonly string[] | undefined> {
  const known: Choices | undefined = choices ?? suggestions;
  return known === undefined ? undefined : await listChoices(known);
}

/** Placeholders that stand for a path, by convention. */
function pathsFor(name: string): Pick<Completion, "paths"> {
  if (/DIR$/.test(name)) return { paths: "directories" };
  return /(FILE|PATH)$/.test(name) ? { paths: "files" } : {};
}

function fitting(typed: string, candidates: readonly Candidate[]): Completion {
  return { candidates: candidates.filter(({ word }) => word.startsWith(typed)) };
}

/** One candidate per line, with a tab before its help; `:files` or `:directories` for paths. */
export function renderCompletion({ candidates, paths }: Completion): string {
  const lines = candidates.map(({ word, help }) => help === undefined ? word : `${word}\t${help}`);
  if (paths !== undefined) lines.push(`:${paths}`);
  return lines.map((line) => `${line}\n`).join("");
}
