/** Any number of characters of a name or, in place of a name, of names. */
const STARS = Symbol("any number");

/** A character, an expression for one, or any number of them. */
type Token = string | RegExp | typeof STARS;

/** A pattern as in a `.gitignore`. */
export interface Pattern {
  /** `!PATTERN`: takes back what an earlier one ignores. */
  readonly isNegated: boolean;
  /** `PATTERN/`: only directories. */
  readonly isForDirs: boolean;
  /** What the names of a path must be. */
  readonly names: readonly (readonly Token[] | typeof STARS)[];
  /** Whether a range in it goes down, as in `[z-a]`, and has its first character alone. */
  readonly goesDown: boolean;
}

/** The characters of each name of a path. */
export const splitPath = (path: string): string[][] => path.split("/").map((name) => [...name]);

/** `**` is special where it is a whole name. The slash behind it may be escaped. */
const PIECE = /(?<deep>(?<![^/])\*{2,}(?=\\?\/|$))|\*+|\\(?<escaped>.)|./suy;

/**
 * Reads a pattern without comment or trailing spaces, as gitignore(5) and git's `dir.c` and
 * `wildmatch.c` do. Undefined for what can never match, such as an open bracket.
 */
export function readPattern(text: string): Pattern | undefined {
  const [, bang, root, body = "", slash] = /^(!?)(\/?)(.*?)(\/?)$/s.exec(text)!;
  // Without a slash it is about names in any directory, and `**` is no more than `*`.
  const isAnchored = root !== "" || body.includes("/");
  const names: (Token[] | typeof STARS)[] = isAnchored ? [] : [STARS];
  let name: Token[] = [];
  let goesDown = false;
  for (let at = 0; at < body.length;) {
    PIECE.lastIndex = at;
    const { 0: piece, groups } = PIECE.exec(body)!;
    const char = groups!.escaped ?? piece;
    at = PIECE.lastIndex;
    if (groups!.deep !== undefined && isAnchored) {
      names.push(STARS);
      // At the end it stands for one name or more.
      if (at === body.length) name = [STARS];
      else at = body.indexOf("/", at) + 1;
    } else if (char === "/") {
      names.push(name);
      name = [];
    } else if (piece === "[") {
      const members = readClass(body, at);
      if (members === undefined) return undefined;
      ({ at } = members);
      goesDown ||= members.goesDown;
      name.push(members.one);
    } else if (piece === "\\") return undefined;
    else if (piece === "?") name.push(/./su);
    else name.push(piece.startsWith("*") ? STARS : char);
  }
  names.push(name);
  if (names.some((name) => name !== STARS && name.length === 0)) return undefined;
  return { isNegated: bang !== "", isForDirs: slash !== "", names, goesDown };
}

/** The classes of git, which knows no letters beyond ASCII. */
const CLASSES = new Map(Object.entries({
  alnum: "A-Za-z0-9",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "\\x21-\\x7e",
  lower: "a-z",
  print: "\\x20-\\x7e",
  punct: "\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e",
  space: " \\t\\n\\r",
  upper: "A-Z",
  xdigit: "A-Fa-f0-9",
}));

/** A character, escaped or not, perhaps the first of a range. */
const MEMBER = /(?:\\(.)|(.))(?:-(?:\\(.)|([^\]])))?/suy;

/** Reads a bracket expression from behind its bracket, up to `at`. The first member may be `]`. */
function readClass(
  text: string,
  start: number,
): { readonly one: RegExp; readonly at: number; readonly goesDown: boolean } | undefined {
  const isNegated = text[start] === "!" || text[start] === "^";
  let body = "";
  let goesDown = false;
  let at = start + Number(isNegated);
  do {
    const end = text.startsWith("[:", at) ? text.indexOf("]", at + 2) : -1;
    if (end > at + 2 && text[end - 1] === ":") {
      const known = CLASSES.get(text.slice(at + 2, end - 1));
      if (known === undefined) return undefined;
      body += known;
      at = end + 1;
      continue;
    }
    MEMBER.lastIndex = at;
    const [, from1, from2, to1, to2] = MEMBER.exec(text) ?? [];
    const from = from1 ?? from2;
    if (from === undefined) return undefined;
    at = MEMBER.lastIndex;
    const [first, last] = [from, to1 ?? to2 ?? from].map((char) => char.codePointAt(0)!);
    goesDown ||= first! > last!;
    // Git compares with the first before it knows of a range.
    const upTo = Math.max(first!, last!);
    body += `\\u{${first!.toString(16)}}-\\u{${upTo.toString(16)}}`;
  } while (text[at] !== "]");
  return { one: new RegExp(`[${isNegated ? "^" : ""}${body}]`, "u"), at: at + 1, goesDown };
}

/** Whether a path is what a pattern is about or, if wanted, lies below that. */
export function matchesPath({ names }: Pattern, path: string[][], below = false): boolean {
  return matches(below ? [...names, STARS] : names, path, matchesName);
}

const matchesName = (name: readonly Token[], chars: readonly string[]) =>
  matches(name, chars, matchesChar);

const matchesChar = (token: string | RegExp, char: string) =>
  typeof token === "string" ? token === char : token.test(char);

/**
 * Takes no more steps than there are pairs of parts and items: of several `STARS` only the last is
 * tried with more, since what the others could still reach it reaches as well.
 */
function matches<Part, Item>(
  parts: readonly (Part | typeof STARS)[],
  items: readonly Item[],
  isOne: (part: Part, item: Item) => boolean,
): boolean {
  let part = 0;
  let stars: { readonly part: number; item: number } | undefined;
  for (let item = 0; item < items.length;) {
    const here = parts[part];
    if (here === STARS) stars = { part: part++, item };
    else if (part < parts.length && isOne(here as Part, items[item]!)) {
      part++;
      item++;
    } else if (stars !== undefined) {
      part = stars.part + 1;
      item = ++stars.item;
    } else return false;
  }
  while (parts[part] === STARS) part++;
  return part === parts.length;
}
