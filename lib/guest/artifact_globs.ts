import { delay } from "@std/async";
import { Glob, namesOf } from "../project/globs.ts";

/**
 * What `find` takes to print, as kind and path, the files and links of a directory that these globs
 * may match, and perhaps more, since it reads characters differently: {@link selectFiles} decides.
 * What lies on the way is printed as well if it is a link, which may lead to a directory.
 */
export function searchTests(dir: string, globs: readonly Glob[]): string[] {
  const ways = globs.map(({ text }) => {
    const names = namesOf(text);
    const deep = names.indexOf("**");
    return names.slice(0, deep === -1 ? undefined : deep)
      .reduceRight((below, name) => `(/${toRegex(name)}${below})?`, "(/.*)?");
  });
  const regex = `${quoted(dir)}(${[...new Set(ways)].join("|")})`;
  return [
    ...["-ignore_readdir_race", "-mindepth", "1", "-regextype", "posix-extended"],
    ...["!", "-regex", regex, "-prune", "-o", "-type", "f,l", "-printf", "%y%P\\0"],
  ];
}

/** What a name is from its first special character on is left open; stars are exact. */
const toRegex = (name: string): string =>
  name.replace(/[\\?[].*$/s, "*").split(/\*+/).map(quoted).join("[^/]*");

const quoted = (text: string): string => text.replace(/[.*+?()[\]{}|^$\\]/g, "\\$&");

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
