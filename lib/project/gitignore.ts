/** A piece of a pattern's segment. */
export type Token =
  | { readonly kind: "text"; readonly char: string }
  /** `?`: one byte. */
  | { readonly kind: "any" }
  /** `*`: any bytes but a slash. */
  | { readonly kind: "star" }
  /** `[...]`, as written. */
  | { readonly kind: "class"; readonly text: string };

/** What stands between two slashes of a pattern; `**` is any number of folders. */
export type Segment = readonly Token[] | "**";

/** Code units of a pattern. No path is longer, and reading a class takes its length squared. */
const LONGEST_PATTERN = 4096;

/**
 * `**` of a pattern where guesthouse sets limits: for rsync, each doubles the rules that it becomes,
 * and nobody writes so many by hand.
 */
export const MOST_DOUBLE_STARS = 4;

/** One line of a `.gitignore`. */
export interface IgnoreRule {
  /** `!PATTERN`: takes back what an earlier line ignores. */
  readonly negated: boolean;
  /** `PATTERN/`: only folders. */
  readonly dirOnly: boolean;
  /** A slash at the start or in the middle: relative to the `.gitignore`'s own folder. */
  readonly anchored: boolean;
  readonly segments: readonly Segment[];
}

/** The rules of a `.gitignore`, in its order: the last one that matches decides. */
export function parseGitignore(text: string): IgnoreRule[] {
  return text.replace(/^\uFEFF/, "").split("\n")
    .map((line) => trimSpaces(line.replace(/\r$/, "")))
    .filter((line) => !line.startsWith("#"))
    .flatMap((line) => parseIgnoreRule(line) ?? []);
}

/**
 * One pattern, without comments and trailing spaces, by the rules of gitignore(5) and of
 * git's `dir.c`. Returns undefined for what can never match: an empty pattern, an empty
 * segment (`a//b`), an open bracket, a backslash at the end; and for {@link LONGEST_PATTERN}.
 */
export function parseIgnoreRule(line: string): IgnoreRule | undefined {
  if (line.length > LONGEST_PATTERN) return undefined;
  const negated = line.startsWith("!");
  const withSlash = negated ? line.slice(1) : line;
  const dirOnly = withSlash.endsWith("/");
  const pattern = dirOnly ? withSlash.slice(0, -1) : withSlash;
  const anchored = pattern.includes("/");
  const segments = readSegments(pattern.startsWith("/") ? pattern.slice(1) : pattern);
  if (segments === undefined || pattern.includes("\0")) return undefined;
  // Without a slash, a pattern is compared with single names, where `**` is no more than `*`.
  const whole = anchored ? segments : segments.map((s): Segment => s === "**" ? [STAR] : s);
  return { negated, dirOnly, anchored, segments: withoutRepeats(whole) };
}

/** Cuts trailing spaces, except after a backslash. */
function trimSpaces(line: string): string {
  let end = 0;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === "\\") at++;
    else if (line[at] === " ") continue;
    end = at + 1;
  }
  return line.slice(0, end);
}

const STAR: Token = { kind: "star" };

/** `a/ ** / ** /b` (without the spaces) says no more than one `**` does. */
function withoutRepeats(segments: readonly Segment[]): Segment[] {
  return segments.filter((segment, index) => segment !== "**" || segments[index + 1] !== "**");
}

function readSegments(pattern: string): Segment[] | undefined {
  const segments: Segment[] = [];
  let tokens: Token[] = [];
  let doubleStar = false;
  const close = () => {
    // Two stars are special only when they are all that stands between two slashes.
    const alone = doubleStar && tokens.length === 1;
    segments.push(alone ? "**" : tokens);
    tokens = [];
    doubleStar = false;
  };
  for (let at = 0; at < pattern.length;) {
    const char = String.fromCodePoint(pattern.codePointAt(at)!);
    if (char === "/") {
      close();
      at++;
    } else if (char === "*") {
      const stars = /^\*+/.exec(pattern.slice(at))![0].length;
      if (stars > 1) doubleStar = true;
      tokens.push(STAR);
      at += stars;
    } else if (char === "?") {
      tokens.push({ kind: "any" });
      at++;
    } else if (char === "[") {
      const end = classEnd(pattern, at);
      if (end === undefined) return undefined;
      tokens.push({ kind: "class", text: pattern.slice(at, end) });
      at = end;
    } else if (char === "\\") {
      const escaped = pattern.codePointAt(at + 1);
      if (escaped === undefined) return undefined;
      const text = String.fromCodePoint(escaped);
      if (text === "/") close();
      else tokens.push({ kind: "text", char: text });
      at += 1 + text.length;
    } else {
      tokens.push({ kind: "text", char });
      at += char.length;
    }
  }
  close();
  return segments.every((segment) => segment.length > 0) ? segments : undefined;
}

const NAMED_CLASS =
  /^\[:(?:alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit):\]/;

/** The position behind a bracket expression, or undefined if git would never match it. */
function classEnd(pattern: string, start: number): number | undefined {
  let at = start + 1;
  if (pattern[at] === "!" || pattern[at] === "^") at++;
  // The first character belongs to the set even if it is a bracket.
  for (let first = true; first || pattern[at] !== "]"; first = false) {
    if (at >= pattern.length) return undefined;
    if (pattern[at] === "\\") {
      at += 2;
    } else if (pattern.startsWith("[:", at)) {
      const close = pattern.indexOf("]", at + 2);
      if (close === -1) return undefined;
      const named = NAMED_CLASS.exec(pattern.slice(at))?.[0];
      if (named === undefined && pattern[close - 1] === ":" && close > at + 2) return undefined;
      at += named?.length ?? 1;
    } else {
      at++;
    }
  }
  return at + 1;
}
