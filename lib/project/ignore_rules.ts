import type { BytePath } from "./path_bytes.ts";
import { matchesPath, type Pattern, readPattern, splitPath } from "./pattern.ts";

/** What rules say of one path, whatever they say of the directories that it lies in. */
interface Verdict {
  readonly ignored: boolean;
  /** The place of the pattern that decides among those of a list. */
  readonly index: number;
}

/** Bytes of a line: as many as a path can have. */
const LONGEST_LINE = 4096;

/** The rules of a `.gitignore`, or others of its kind. Like git's, they are about bytes. */
export class IgnoreRules {
  readonly #patterns: readonly (Pattern | undefined)[];

  /** What a line that is too long would ignore is sent. */
  static fromText(text: BytePath): IgnoreRules {
    const lines = text.replace(/^\xef\xbb\xbf/, "").split("\n")
      .filter((line) => !line.startsWith("#") && line.length <= LONGEST_LINE);
    return new IgnoreRules(lines.map((line) => trimSpaces(line.replace(/\r$/, ""))));
  }

  /** Of a list, in which "#" and spaces at the end mean themselves. */
  constructor(patterns: readonly BytePath[]) {
    this.#patterns = patterns.map(readPattern);
  }

  /** A directory's path ends with a slash. `undefined`: no rule is about this path itself. */
  judge(path: BytePath): Verdict | undefined {
    const isDir = path.endsWith("/");
    const split = splitPath(isDir ? path.slice(0, -1) : path);
    const index = this.#patterns.findLastIndex((pattern) =>
      pattern !== undefined && (isDir || !pattern.isForDirs) && matchesPath(pattern, split)
    );
    return index < 0 ? undefined : { ignored: !this.#patterns[index]!.isNegated, index };
  }
}

/** Cuts spaces at the end, except after a backslash. */
const trimSpaces = (line: string): string => /^(?: *(?:\\.?|[^\\ ]))*/s.exec(line)![0];
