/**
 * Rules of rsync that let through what these globs match, and the folders on the way there. A glob
 * is relative to the root of the transfer; it knows `*`, `?`, `[a-z]`, and `**` for any number of
 * folders. One that matches a folder takes all of it along.
 *
 * Throws a `RangeError` for a glob that is empty, absolute or leads out of the root.
 */
export function artifactRules(globs: readonly string[]): string[] {
  const rules = globs.flatMap((glob) => globRules(segmentsOf(glob)));
  return [...new Set([...rules, "- *"])];
}

/** The globs that match none of these files (paths relative to the root). */
export function unmatchedGlobs(globs: readonly string[], files: readonly string[]): string[] {
  return globs.filter((glob) => {
    const pattern = toRegExp(segmentsOf(glob));
    return !files.some((file) => pattern.test(file));
  });
}

function segmentsOf(glob: string): string[] {
  const fault = (why: string) =>
    new RangeError(`Cannot use the glob ${JSON.stringify(glob)}: ${why}`);
  if (glob.startsWith("/")) throw fault("it is absolute, and is meant to be relative");
  const segments = glob.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.length === 0) throw fault("it is empty");
  if (segments.includes("..")) throw fault('it leads out of the folder with ".."');
  return segments;
}

function globRules(segments: readonly string[]): string[] {
  const rules: string[] = [];
  for (const [index, segment] of segments.slice(0, -1).entries()) {
    rules.push(`+ /${render(segments.slice(0, index + 1))}/`);
    // All folders below are let through from here on.
    if (segment === "**") break;
  }
  for (const reading of withAndWithoutStars(segments)) {
    rules.push(`+ /${render(reading)}`, `+ /${render([...reading, "***"])}`);
  }
  return rules;
}

/** rsync's `**` never stands for "no folder", so each one is also left out. */
function withAndWithoutStars(segments: readonly string[]): string[][] {
  let readings: string[][] = [[]];
  for (const [index, segment] of segments.entries()) {
    const optional = segment === "**" && index < segments.length - 1;
    const longer = readings.map((reading) => [...reading, segment]);
    readings = optional ? [...readings, ...longer] : longer;
  }
  return readings;
}

/** rsync reads a backslash as an escape, but only in a pattern with wildcards. */
function render(segments: readonly string[]): string {
  const pattern = segments.join("/");
  return /[*?[]/.test(pattern) ? pattern.replaceAll("\\", "\\\\") : pattern;
}

function toRegExp(segments: readonly string[]): RegExp {
  const parts = segments.map((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === "**") return last ? ".+" : "(?:.+/)?";
    return segmentPattern(segment) + (last ? "(?:/.+)?" : "/");
  });
  return new RegExp(`^${parts.join("")}$`, "su");
}

function segmentPattern(segment: string): string {
  const tokens = segment.match(/\[[!^]?\]?[^\]]*\]|./gsu) ?? [];
  return tokens.map((token) => {
    if (token === "*" || token === "**") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.length > 1 && token.startsWith("[")) {
      const [, negation, members = ""] = /^\[([!^]?)(.*)\]$/s.exec(token) ?? [];
      return `[${negation ? "^" : ""}${members.replaceAll(/[\\[\]&~|]/g, "\\$&")}]`;
    }
    return token.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  }).join("");
}
