/** Code units of a pattern. No path is longer, and reading a class takes its length squared. */
const LONGEST_PATTERN = 4096;

const NAMED = "alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit";

/** An escaped character, or a bracket expression, whose first character may be a bracket. */
const WHOLE = new RegExp(
  `\\\\.|\\[(?:[!^]|(?![!^]))(?:\\]|(?!\\]))` +
    `(?:\\[:(?:${NAMED}):\\]|\\[(?!:[^\\]]+:\\])|\\\\.|[^\\]\\\\[])*\\]`,
  "gsu",
);

/**
 * Whether a pattern of a `.gitignore`, without a comment, can match anything: it is not empty, no
 * name in it is empty, no bracket is open, and a backslash has something behind it.
 */
export function canMatch(pattern: string): boolean {
  if (pattern.length > LONGEST_PATTERN || pattern.includes("\0")) return false;
  const body = pattern.replace(/^!/, "").replace(/^\//, "").replace(/\/$/, "");
  return !body.split("/").includes("") && !/[\\[]/.test(body.replace(WHOLE, ""));
}

/** A named class, or a character, escaped or not, perhaps with a range. */
const MEMBER = /\[:[a-z]+:\]|(?:\\(.)|(.))(?:-(?:\\(.)|([^\]])))?/gsu;

/** Whether a range of a pattern's bracket expressions goes down, as in `[z-a]`. */
export function goesDown(pattern: string): boolean {
  const bodies = (pattern.match(WHOLE) ?? []).filter((text) => text.startsWith("["))
    .map((text) => text.replace(/^\[[!^]?/, "").slice(0, -1));
  return bodies.some((body) =>
    [...body.matchAll(MEMBER)].some(([, from1, from2, to1, to2]) => {
      const [from, to] = [from1 ?? from2, to1 ?? to2];
      return from !== undefined && to !== undefined && from.codePointAt(0)! > to.codePointAt(0)!;
    })
  );
}
