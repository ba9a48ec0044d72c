import { delay } from "@std/async";
import { Glob, namesOf } from "../project/globs.ts";

/**
 * A filter file for rsync that lets through what these globs may match, and perhaps more, since
 * rsync reads characters and `**` differently: {@link selectFiles} decides.
 */
export function searchFilter(globs: readonly Glob[]): string {
  const rules = globs.flatMap(({ text }) => {
    const all = namesOf(text).map(widen);
    const deep = all.indexOf("**");
    const names = all.slice(0, deep === -1 ? undefined : deep);
    // Links as well, which may lead to the directories on the way.
    const ways = names.map((_, index) => `+ /${names.slice(0, index + 1).join("/")}`);
    return [`+ /${[...names, "**"].join("/")}`, ...ways.toReversed()];
  });
  return [...new Set(rules), "- *", ""].join("\n");
}

/** rsync reads a name differently from its first special character on. */
function widen(name: string): string {
  return name === "**" ? name : name.replace(/[\\?[].*$/s, "*").replace(/\*+/g, "*");
}

/** What lies on the way to what globs match: links up to the first `**`, directories also below. */
export function waysTo(
  globs: readonly Glob[],
): Readonly<Record<"isOnTheWay" | "isOnTheWayOrBelow", (path: string) => boolean>> {
  const levels: Glob[][] = [];
  const open = globs.map((glob) => {
    const names = namesOf(glob.text);
    const deep = names.indexOf("**");
    for (const index of names.slice(0, deep === -1 ? undefined : deep).keys()) {
      (levels[index] ??= []).push(new Glob(names.slice(0, index + 1).join("/")));
    }
    return deep === -1 ? glob : new Glob(names.slice(0, deep + 1).join("/"));
  });
  const isOnTheWay = (path: string) =>
    (levels[path.split("/").length - 1] ?? []).some((glob) => glob.takes(path));
  return {
    isOnTheWay,
    isOnTheWayOrBelow: (path) => isOnTheWay(path) || open.some((glob) => glob.takes(path)),
  };
}

interface Selected {
  /** In the order of the paths. */
  readonly files: string[];
  /** Globs that match nothing, as they were given. */
  readonly unmatched: string[];
}

/** How long paths are compared in one go. */
const SLICE_MS = 20;

/**
 * The paths that a glob matches, or that lie in a matching directory. Those of a guest that are not
 * plain are left out. Can be interrupted.
 */
export async function selectFiles(
  globs: readonly Glob[],
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<Selected> {
  const files: string[] = [];
  const unmatched = new Set(globs);
  let since = performance.now();
  for (const path of paths) {
    if (performance.now() - since > SLICE_MS) {
      await delay(0, { signal });
      since = performance.now();
    }
    if (path.split("/").some((name) => name === "" || name === "." || name === "..")) continue;
    const matching = globs.filter((glob) => glob.takes(path));
    if (matching.length > 0) files.push(path);
    for (const glob of matching) unmatched.delete(glob);
  }
  return { files, unmatched: [...unmatched].map(({ text }) => text) };
}
