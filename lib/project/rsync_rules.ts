import { type IgnoreRule, MOST_DOUBLE_STARS, type Segment, type Token } from "./gitignore.ts";

/**
 * Rewrites rules for rsync, whose first matching rule decides where git's last one does: the
 * order is turned round. `baseDir` is the folder of the `.gitignore`, relative to the root of the
 * transfer and without slashes at its ends; "" is the root itself.
 *
 * Where the two differ, and what this does about it:
 * - rsync's `**` crosses slashes wherever it stands, and never stands for "no folder at all":
 *   each one that may be nothing gives a second rule without it.
 * - rsync takes a pattern without slashes as a name at any depth, so one that comes from a
 *   nested `.gitignore` is written out with its folder.
 * - rsync reads a backslash as an escape only beside a wildcard.
 *
 * A pattern with more than {@link MOST_DOUBLE_STARS} is left out, and what it would ignore is sent.
 */
export function toRsyncRules(rules: readonly IgnoreRule[], baseDir = ""): string[] {
  return rules.toReversed().flatMap((rule) => toRsyncPatterns(rule, baseDir));
}

/** The rule for exactly one path, relative to the root of the transfer. */
export function pathRule(sign: "+" | "-", path: string): string {
  const dirOnly = path.endsWith("/");
  const segments = textSegments(dirOnly ? path.slice(0, -1) : path);
  return `${sign} /${render(segments)}${dirOnly ? "/" : ""}`;
}

function toRsyncPatterns(rule: IgnoreRule, baseDir: string): string[] {
  const base = baseDir === "" ? [] : textSegments(baseDir);
  const sign = rule.negated ? "+" : "-";
  const tail = rule.dirOnly ? "/" : "";
  if (!rule.anchored && baseDir === "") return [`${sign} ${render(rule.segments)}${tail}`];
  const below: readonly Segment[] = rule.anchored ? rule.segments : ["**", ...rule.segments];
  return withAndWithout(below).map((some) => `${sign} /${render([...base, ...some])}${tail}`);
}

/** All readings of a pattern in which each `**`, except one at its end, is or is not there. */
function withAndWithout(segments: readonly Segment[]): Segment[][] {
  if (segments.filter((segment) => segment === "**").length > MOST_DOUBLE_STARS) return [];
  let readings: Segment[][] = [[]];
  for (const [index, segment] of segments.entries()) {
    const optional = segment === "**" && index < segments.length - 1;
    const longer = readings.map((reading) => [...reading, segment]);
    readings = optional ? [...readings, ...longer] : longer;
  }
  return readings;
}

function textSegments(path: string): Segment[] {
  return path.split("/").map((name) => [...name].map((char): Token => ({ kind: "text", char })));
}

/** Line ends cannot stand in a filter file. The class holds them and little else. */
const LINE_END = /[\n\r]/;
const CONTROL_CLASS = "[[:cntrl:]]";

function render(segments: readonly Segment[]): string {
  const wild = segments.some((segment) => segment === "**" || segment.some(isWild));
  return segments.map((segment) => {
    return segment === "**" ? "**" : segment.map((token) => renderToken(token, wild)).join("");
  }).join("/");
}

function isWild(token: Token): boolean {
  return token.kind !== "text" || /[*?[\n\r]/.test(token.char);
}

function renderToken(token: Token, wild: boolean): string {
  switch (token.kind) {
    case "any":
      return "?";
    case "star":
      return "*";
    case "class":
      return token.text;
    case "text":
      if (LINE_END.test(token.char)) return CONTROL_CLASS;
      if (wild && token.char === "\\") return "\\\\";
      // Not by a backslash: "\**" would look like a double star to rsync.
      return /[*?[]/.test(token.char) ? `[${token.char}]` : token.char;
  }
}
