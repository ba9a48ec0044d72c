import { IgnoreRules } from "./ignore_rules.ts";
import { canMatch, goesDown } from "./patterns.ts";

/** Globs that a project may have: more would be a list of files. */
export const MOST_GLOBS = 100;
/** UTF-16 code units of a glob. */
export const LONGEST_GLOB = 256;

/**
 * A pattern for paths: `*`, `?`, `[a-z]`, `[!a-z]`, `[[:alpha:]]`, and `**` for any number of
 * directories; a backslash takes the next character literally. The syntax is that of a
 * `.gitignore`, without `!` at its start.
 */
export class Glob {
  readonly #rules: IgnoreRules;

  /** Of a relative glob. Throws a `RangeError` for one that {@link isGlob} refuses. */
  constructor(readonly text: string) {
    if (!isGlob(text)) throw new RangeError(`Cannot read the glob ${JSON.stringify(text)}`);
    this.#rules = IgnoreRules.fromPatterns([oneUnitEach(anchored(text))]);
  }

  /**
   * Whether it matches a path, or a directory that the path lies in. No path of more than
   * `MOST_LEVELS` names matches.
   */
  takes(path: string): boolean {
    return this.#rules.cover(oneUnitEach(path));
  }
}

/** The names of a relative glob, of which `**` stands for any number. */
export const namesOf = (glob: string): string[] =>
  glob.split("/").filter((name) => name !== "" && name !== ".")
    .map((name) => /^\*\*+$/.test(name) ? "**" : name)
    .filter((name, at, all) => name !== "**" || all[at + 1] !== "**");

/** With a slash in front, an exclamation mark means itself. */
const anchored = (glob: string): string => `/${namesOf(glob).join("/")}`;

/** Whether a glob can match: no bracket is open, and no range goes down (`[z-a]`). */
export const isGlob = (glob: string): boolean => canMatch(anchored(glob)) && !goesDown(glob);

/** Characters beyond U+FFFF would be two to a regular expression; each becomes one that no name has. */
const oneUnitEach = (text: string): string =>
  text.replace(
    /[\u{10000}-\u{10ffff}]/gu,
    (char) => String.fromCharCode(0xe000 + char.codePointAt(0)! % 0x1900),
  );
