import { allConflicts, allOptions, type OptionSpec, optionWord, type TaskSpec } from "./spec.ts";

/** The words of a command line, by kind. */
interface GivenWords {
  /** `--name=value`, `--flag` and `--no-flag`. */
  readonly options: readonly string[];
  readonly positionals: readonly string[];
  readonly rest?: readonly string[] | undefined;
}

/** What a command line gives, without defaults and the environment, and what can be combined. */
export class Given {
  readonly #spec: TaskSpec;
  readonly #words: GivenWords;

  constructor(spec: TaskSpec, words: GivenWords) {
    this.#spec = spec;
    this.#words = words;
  }

  /** @param name of an option, or the placeholder of a positional or of the words after `--` */
  has(name: string): boolean {
    const { rest, positionals = [] } = this.#spec;
    if (name === rest?.name) return (this.#words.rest?.length ?? 0) > 0;
    const place = positionals.findIndex((positional) => positional.name === name);
    if (place >= 0) return this.#words.positionals.length > place;
    const option = allOptions(this.#spec).find((known) => known.name === name);
    return option !== undefined &&
      this.#words.options.some((word) => word.split("=", 1)[0] === optionWord(option));
  }

  /** Whether something is given that excludes the option or argument. */
  excludes(name: string): boolean {
    return othersOf(this.#spec, name).some(({ other }) => this.has(other));
  }

  /** Whether the option makes sense with the first positional, if there is one. */
  suits({ onlyFor }: OptionSpec): boolean {
    const [first] = this.#words.positionals;
    return onlyFor === undefined || first === undefined || onlyFor.includes(first);
  }

  /** What cannot be combined. */
  faults(): string[] {
    const spec = this.#spec;
    const clashes = allConflicts(spec)
      .filter(({ between }) => between.every((name) => this.has(name)))
      .map(({ between: [one, two], why }) =>
        `${shownName(spec, one)} and ${shownName(spec, two)} exclude each other` +
        (why === undefined ? "" : `: ${why}`)
      );
    const misplaced = allOptions(spec)
      .filter((option) => this.has(option.name) && !this.suits(option))
      .map(({ name, onlyFor = [] }) =>
        `--${name} is only for ${onlyFor.join(", ")}, not for "${this.#words.positionals[0]}"`
      );
    return [...clashes, ...misplaced];
  }

  /** What is missing, `SHELL, or --list`, if neither the argument nor the option is given. */
  missing(shown: string, unless: string | undefined): string | undefined {
    if (unless === undefined) return shown;
    if (this.has(unless)) return undefined;
    const option = allOptions(this.#spec).find(({ name }) => name === unless);
    return option !== undefined && this.suits(option) ? `${shown}, or --${unless}` : shown;
  }
}

/** What excludes an option or argument, and how it is shown. */
export function othersOf(
  spec: TaskSpec,
  name: string,
): { readonly other: string; readonly shown: string }[] {
  return allConflicts(spec)
    .filter(({ between }) => between.includes(name))
    .map(({ between: [one, two] }) => one === name ? two : one)
    .map((other) => ({ other, shown: shownName(spec, other) }));
}

function shownName(spec: TaskSpec, name: string): string {
  if (name === spec.rest?.name) return `-- ${name}`;
  const option = allOptions(spec).find((known) => known.name === name);
  return option === undefined ? name : optionWord(option);
}
