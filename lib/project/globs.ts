import { matchesPath, type Pattern, readPattern, splitPath } from "./pattern.ts";

/** Globs that a project may have: more would be a list of files. */
export const MOST_GLOBS = 100;
/** UTF-16 code units of a glob. */
export const LONGEST_GLOB = 256;

/**
 * A pattern as in a `.gitignore`, without a leading `!`: `*`, `?`, `[a-z]`, `[!a-z]`,
 * `[[:alpha:]]`, `**`; a backslash takes the next character literally.
 */
export class Glob {
  readonly #pattern: Pattern;

  /** Of a relative glob. Throws a `RangeError` for one that {@link isGlob} refuses. */
  constructor(readonly text: string) {
    const pattern = readGlob(text);
    if (pattern === undefined) throw new RangeError(`Cannot read the glob ${JSON.stringify(text)}`);
    this.#pattern = pattern;
  }

  /** Whether it matches a path, or a directory that the path lies in. */
  takes(path: string): boolean {
    return matchesPath(this.#pattern, splitPath(path), true);
  }
}

/** The names of a relative glob, of which `**` stands for any number. */
export const namesOf = (glob: string): string[] =>
  glob.split("/").filter((name) => name !== "" && name !== ".")
    .map((name) => /^\*\*+$/.test(name) ? "**" : name)
    .filter((name, at, all) => name !== "**" || all[at + 1] !== "**");

/** Whether a glob can match: no bracket is open, and no range goes down (`[z-a]`). */
export const isGlob = (glob: string): boolean => readGlob(glob) !== undefined;

/** With a slash in front, an exclamation mark means itself. */
function readGlob(glob: string): Pattern | undefined {
  const pattern = readPattern(`/${namesOf(glob).join("/")}`);
  return pattern?.goesDown === false ? pattern : undefined;
}
