import ignore from "ignore";
import { type BytePath, parentOf } from "./path_bytes.ts";

/** What rules say of one path, whatever they say of the directories that it lies in. */
interface Verdict {
  readonly ignored: boolean;
  /** The pattern that decides. */
  readonly pattern: string;
}

/** Bytes of a line. No path is longer. */
const LONGEST_LINE = 4096;

/**
 * `**` of a pattern, where guesthouse sets limits: matching a path takes a power of its levels, and
 * nobody writes so many by hand.
 */
export const MOST_DOUBLE_STARS = 4;

/** Lines of one file with so many `**`, each of which may take 40 ms for one path. */
const COSTLY = 3;
const MOST_COSTLY_LINES = 16;

/** Names of a path that is compared with patterns. */
export const MOST_LEVELS = 64;

/** The rules of a `.gitignore`, or others of its kind. Like git's, they are about bytes. */
export class IgnoreRules {
  readonly #rules = ignore({ ignorecase: false, allowRelativePaths: true });

  /** A line that is too long, or takes too long, is passed over: what it would ignore is sent. */
  static fromText(text: BytePath): IgnoreRules {
    let left = MOST_COSTLY_LINES;
    const lines = text.replace(/^\xef\xbb\xbf/, "").split("\n").filter((line) => {
      const stars = (line.match(/\*\*/g) ?? []).length;
      if (line.length > LONGEST_LINE || stars > MOST_DOUBLE_STARS) return false;
      return stars < COSTLY || left-- > 0;
    });
    return new IgnoreRules(lines.join("\n"));
  }

  /** Patterns of a list, in which "#" and spaces at the end mean themselves. */
  static fromPatterns(patterns: readonly BytePath[]): IgnoreRules {
    const escape = (text: string) => text.replace(/^#/, "\\#").replace(/ (?= *$)/g, "\\ ");
    return new IgnoreRules(patterns.map((pattern) => ({ pattern: escape(pattern) })));
  }

  private constructor(rules: string | { readonly pattern: string }[]) {
    this.#rules.add(rules);
  }

  /** A directory's path ends with a slash. `undefined`: no rule is about this path itself. */
  judge(path: BytePath): Verdict | undefined {
    if (path.split("/").length > MOST_LEVELS) return undefined;
    const { ignored, unignored, rule } = this.#rules.test(path);
    if (!ignored && !unignored) return undefined;
    const parent = parentOf(path);
    if (ignored && parent !== "" && this.#rules.test(parent).ignored) return undefined;
    return { ignored, pattern: rule?.pattern ?? "" };
  }

  /** Whether a rule ignores a path, or a directory that it lies in. */
  cover(path: BytePath): boolean {
    return path.split("/").length <= MOST_LEVELS && this.#rules.ignores(path);
  }
}
