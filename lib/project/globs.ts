import { parseIgnoreRule, type Token } from "./gitignore.ts";

/** Globs that a project may have: more would be a list of files. */
export const MOST_GLOBS = 100;
/** UTF-16 code units of a glob. */
export const LONGEST_GLOB = 256;

/**
 * A pattern for paths: `*`, `?`, `[a-z]`, `[!a-z]`, `[[:alpha:]]`, and `**` for any number of
 * directories; a backslash takes the next character literally. The syntax is that of a
 * `.gitignore`, without `!` at its start.
 */
export interface Glob {
  readonly text: string;
  readonly segments: readonly GlobSegment[];
}

/** What stands between two slashes. */
export type GlobSegment = "**" | readonly GlobToken[];

/** A piece of a segment; a class is an expression for one character. */
export type GlobToken = Exclude<Token, { kind: "class" }> | { kind: "class"; one: RegExp };

/** Positions in a glob's segments that a path may have come to; sorted, each once. */
export type GlobState = readonly number[];

/** Reads a relative glob; `undefined` if a bracket is open, or a range goes down (`[z-a]`). */
export function parseGlob(text: string): Glob | undefined {
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  // With a slash in front, an exclamation mark means itself.
  const rule = parts.length === 0 ? undefined : parseIgnoreRule(`/${parts.join("/")}`);
  const segments: GlobSegment[] = [];
  for (const segment of rule?.segments ?? []) {
    if (segment === "**") {
      segments.push(segment);
      continue;
    }
    const tokens: GlobToken[] = [];
    for (const token of segment) {
      if (token.kind !== "class") {
        tokens.push(token);
        continue;
      }
      const one = compileClass(token.text);
      if (one === undefined) return undefined;
      tokens.push({ kind: "class", one });
    }
    segments.push(tokens);
  }
  return segments.length === 0 ? undefined : { text, segments };
}

/** Where every path begins. */
export function startGlob(glob: Glob): GlobState {
  return reach(glob, [0]);
}

/**
 * Follows a path by one name. `matched` says whether the glob matches the path up to here; nothing
 * below can match any more once `state` is empty.
 *
 * Takes time in proportion to the glob's length times the name's, whatever they are: all readings
 * of `**` are followed at once, and of several `*` only the last is tried again.
 */
export function stepGlob(
  glob: Glob,
  state: GlobState,
  name: readonly string[],
): { readonly state: GlobState; readonly matched: boolean } {
  const next: number[] = [];
  const end = glob.segments.length;
  for (const at of state) {
    const segment = glob.segments[at]!;
    if (segment === "**") next.push(at, ...at === end - 1 ? [end] : []);
    else if (matchesName(segment, name)) next.push(at + 1);
  }
  const reached = reach(glob, next);
  return { state: reached.filter((at) => at < end), matched: reached.includes(end) };
}

/** Adds the positions behind each `**`, which may stand for nothing unless it is the last. */
function reach({ segments }: Glob, state: GlobState): GlobState {
  const all = new Set(state);
  for (const at of all) if (segments[at] === "**" && at < segments.length - 1) all.add(at + 1);
  return [...all].sort((a, b) => a - b);
}

function matchesName(tokens: readonly GlobToken[], name: readonly string[]): boolean {
  let token = 0;
  let star: { readonly token: number; at: number } | undefined;
  for (let at = 0; at < name.length;) {
    const here = tokens[token];
    if (here?.kind === "star") star = { token: token++, at };
    else if (here !== undefined && matchesOne(here, name[at]!)) {
      token++;
      at++;
    } else if (star !== undefined) {
      token = star.token + 1;
      at = ++star.at;
    } else return false;
  }
  while (tokens[token]?.kind === "star") token++;
  return token === tokens.length;
}

function matchesOne(token: GlobToken, char: string): boolean {
  if (token.kind === "text") return token.char === char;
  return token.kind === "any" || (token.kind === "class" && token.one.test(char));
}

const NAMED: Readonly<Record<string, string>> = {
  alnum: "A-Za-z0-9",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "\\x21-\\x7e",
  lower: "a-z",
  print: "\\x20-\\x7e",
  punct: "\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e",
  space: "\\s",
  upper: "A-Z",
  xdigit: "A-Fa-f0-9",
};

/** One member of a class: a named class, or a character, escaped or not, perhaps with a range. */
const MEMBER = /\[:([a-z]+):\]|(?:\\(.)|(.))(?:-(?:\\(.)|([^\]])))?/gsu;

/** The expression for a class as `parseIgnoreRule()` finds it: closed, with known named classes. */
function compileClass(text: string): RegExp | undefined {
  const [, negation, members = ""] = /^\[([!^]?)(.*)\]$/su.exec(text) ?? [];
  const escaped = (char: string) => `\\u{${char.codePointAt(0)!.toString(16)}}`;
  let body = "";
  for (const [, named, from1, from2, to1, to2] of members.matchAll(MEMBER)) {
    if (named !== undefined) {
      body += NAMED[named] ?? "";
      continue;
    }
    const from = (from1 ?? from2)!;
    const to = to1 ?? to2 ?? from;
    if (from.codePointAt(0)! > to.codePointAt(0)!) return undefined;
    body += `${escaped(from)}-${escaped(to)}`;
  }
  return new RegExp(`[${negation ? "^" : ""}${body}]`, "u");
}
