import { isAbsolute, normalize } from "@std/path";

/** A path below one of the directories of a build. */
export interface Place {
  readonly in: "project" | "source" | "build";
  /** Normalized, without slashes at its ends; `.` is the directory itself. */
  readonly path: string;
}

/**
 * Reads a path from a config: relative to `base`, or below the directory that it names first
 * (`{build}/sub`). Returns undefined for a path that is empty, absolute or leads out of its
 * directory. `project` places cannot name another directory.
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

/**
 * Whether a glob stays in its directory. A `..` is refused anywhere: after a wildcard, its target
 * depends on what the wildcard matches.
 */
export function isSafePattern(glob: string, base: Place["in"]): boolean {
  const place = parsePlace(glob, base);
  return place !== undefined && place.path !== "." && !glob.split("/").includes("..") &&
    !/[\r\n]/.test(glob);
}
