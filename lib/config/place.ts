import { isAbsolute, normalize } from "@std/path";

export interface Place {
  readonly in: "project" | "source" | "build";
  /** Normalized, without slashes at its ends; `.` is the directory itself. */
  readonly path: string;
}

/**
 * Reads a path from a config: relative to `base`, or below a named directory (`{build}/sub`).
 * `undefined` if it is empty, absolute or leads out of its directory.
 */
export function parsePlace(text: string, base: Place["in"]): Place | undefined {
  const named = base === "project" ? null : /^\{(source|build)\}(?:\/|$)/.exec(text);
  const inside = named === null ? base : named[1] as "source" | "build";
  const rest = named === null ? text : text.slice(named[0].length);
  if (rest === "" && named === null) return undefined;
  if (isAbsolute(rest) || rest.includes("\0")) return undefined;
  const path = normalize(rest === "" ? "." : rest).replace(/(?<=.)\/$/, "");
  if (path === ".." || path.startsWith("../")) return undefined;
  return { in: inside, path };
}

/** Whether a glob stays in its directory; a `..` is refused anywhere. */
export function isSafePattern(glob: string, base: Place["in"]): boolean {
  const place = parsePlace(glob, base);
  return place !== undefined && place.path !== "." && !glob.split("/").includes("..") &&
    !/[\r\n]/.test(glob);
}
