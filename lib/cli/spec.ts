/** Values to choose from: a list, or a function that looks them up (files, running guests). */
export type Choices = readonly string[] | (() => Promise<readonly string[]>);

/** One option of a task. Feeds parsing, help, completion and defaults. */
export interface OptionSpec {
  /** In kebab-case, without dashes. */
  readonly name: string;
  /** One letter, without its dash. */
  readonly short?: string;
  readonly type: "boolean" | "string" | "number";
  /** May be given several times; the value is a list. */
  readonly repeat?: boolean;
  /** Placeholder of the value in the help (default: `VALUE`, or `N` for a number). */
  readonly value?: string;
  /** What it does: lower case, no full stop. */
  readonly help: string;
  /** A boolean whose default is true is switched off by `--no-NAME`. */
  readonly default?: string | number | boolean | readonly string[];
  /** The unit of a number, such as `MiB` or `s`. */
  readonly unit?: string;
  /** Only these values are accepted; also offered by completion. */
  readonly choices?: Choices;
  /** Values that completion offers, where others are accepted too. */
  readonly suggestions?: Choices;
  /** The least number accepted. */
  readonly min?: number;
  /** The greatest number accepted. */
  readonly max?: number;
  /** Accept numbers such as 1.5 too (default: whole numbers only). */
  readonly fraction?: boolean;
  /** The environment variable that sets its default; an empty one is ignored. */
  readonly env?: string;
  /** The values of the first positional that it makes sense with (default: all). */
  readonly onlyFor?: readonly string[];
}

export interface PositionalSpec {
  /** Placeholder, such as `PLATFORM`. */
  readonly name: string;
  readonly help: string;
  readonly required?: boolean;
  /** The option that makes it optional. */
  readonly unless?: string;
  /** Takes all remaining arguments; last one only. */
  readonly repeat?: boolean;
  readonly choices?: Choices;
  readonly suggestions?: Choices;
}

/** The words after `--`, passed on unchanged. */
export interface RestSpec {
  /** Placeholder, such as `CMD`. */
  readonly name: string;
  readonly help: string;
  readonly required?: boolean;
  /** The option that makes it optional. */
  readonly unless?: string;
}

/** Options and arguments that exclude each other. */
interface ConflictSpec {
  /** Options by name, arguments by placeholder. */
  readonly between: readonly [string, string];
  /** Completes the sentence "... exclude each other: WHY". */
  readonly why?: string;
}

export type CommonOption = "json" | "dry-run" | "yes" | "quiet" | "verbose" | "help";

/** Everything that is known about a task before it runs. */
export interface TaskSpec {
  /** As in `deno task NAME`. */
  readonly name: string;
  /** One line: an imperative, no full stop. */
  readonly summary: string;
  /** Paragraphs below the summary; lines are printed as they are. */
  readonly description?: string;
  readonly positionals?: readonly PositionalSpec[];
  readonly rest?: RestSpec;
  readonly options?: readonly OptionSpec[];
  readonly conflicts?: readonly ConflictSpec[];
  /** Common options that make no sense here. */
  readonly omit?: readonly Exclude<CommonOption, "help">[];
  readonly examples: readonly { readonly goal: string; readonly command: string }[];
  readonly runs?: string;
  readonly env?: readonly { readonly name: string; readonly help: string }[];
  /** Its own exit statuses, in addition to the common ones: `vm-run` passes one through. */
  readonly exits?: readonly { readonly status: string; readonly help: string }[];
  /** The system it belongs to, for the table of contents. */
  readonly group: string;
}

const COMMON_OPTIONS: readonly (OptionSpec & { readonly name: CommonOption })[] = [
  { name: "json", type: "boolean", help: "print one JSON document on standard output" },
  { name: "dry-run", type: "boolean", help: "print the exact commands without running them" },
  { name: "yes", short: "y", type: "boolean", help: "answer every question with yes" },
  { name: "quiet", short: "q", type: "boolean", help: "print only warnings and errors" },
  { name: "verbose", short: "v", type: "boolean", help: "print every command that runs" },
  { name: "help", short: "h", type: "boolean", help: "print this help" },
];

/** The common options that a task has, except those that it describes itself. */
function commonOptions(spec: TaskSpec): OptionSpec[] {
  const own = new Set((spec.options ?? []).map((option) => option.name));
  const omitted = new Set<string>(spec.omit ?? []);
  return COMMON_OPTIONS.filter(({ name }) => !own.has(name) && !omitted.has(name));
}

/** The task's own options, then the common ones. */
export function allOptions(spec: TaskSpec): OptionSpec[] {
  return [...spec.options ?? [], ...commonOptions(spec)];
}

/** The task's own conflicts, then that of the common options. */
export function allConflicts(spec: TaskSpec): ConflictSpec[] {
  const names = allOptions(spec).map(({ name }) => name);
  const common: ConflictSpec[] = [{ between: ["quiet", "verbose"] }];
  return [
    ...spec.conflicts ?? [],
    ...common.filter(({ between }) => between.every((name) => names.includes(name))),
  ];
}

export function isNegatable(option: OptionSpec): boolean {
  return option.type === "boolean" && option.default === true;
}

/** The option as it is written on a command line: a negatable one is on by default. */
export function optionWord(option: OptionSpec): string {
  return `--${isNegatable(option) ? "no-" : ""}${option.name}`;
}

export function placeholder(option: OptionSpec): string {
  return option.value ?? (option.type === "number" ? "N" : "VALUE");
}

export async function listChoices(choices: Choices): Promise<readonly string[]> {
  return typeof choices === "function" ? await choices() : choices;
}
