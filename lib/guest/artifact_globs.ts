import { type Glob, type GlobState, parseGlob, startGlob, stepGlob } from "../project/globs.ts";
import type { IgnoreRule, Segment, Token } from "../project/gitignore.ts";
import { toRsyncRules } from "../project/rsync_rules.ts";

/**
 * Rules of rsync that let through what these globs may match, as the text of a filter file. More
 * may come: what is taken is for {@link selectFiles} to say, whose idea of a character and of `**`
 * is not rsync's. A glob is relative to the root of the transfer.
 */
export function searchFilter(globs: readonly Glob[]): string {
  const rules = globs.flatMap(({ segments }) => {
    const deep = segments.indexOf("**");
    const names = segments.slice(0, deep === -1 ? undefined : deep).map(widen);
    // Where the rest of a path is open, directories up to there; else also the path itself.
    const open = names.length < segments.length;
    const ways = names.map((_, index) =>
      letThrough(names.slice(0, index + 1), open || index < names.length - 1)
    );
    return [...ways, letThrough([...names, "**"], false)];
  });
  return [...new Set(toRsyncRules(rules)), "- *", ""].join("\n");
}

const letThrough = (segments: readonly Segment[], dirOnly: boolean): IgnoreRule => ({
  ...{ negated: true, anchored: true, dirOnly, segments },
});

/** To rsync a character is a byte. */
function widen(segment: Glob["segments"][number]): Segment {
  if (segment === "**") return segment;
  return segment.map((token): Token => token.kind === "text" ? token : { kind: "star" });
}

/** What {@link selectFiles} has found. */
export interface Selected {
  /** In the order of the paths. */
  readonly files: string[];
  /** Globs that match nothing, as they were given. */
  readonly unmatched: string[];
}

/** How long paths are compared in one go. */
const SLICE_MS = 20;

/**
 * The paths that a glob matches, or that lie in a directory which one matches. Paths are relative,
 * and may be a guest's own words: one that is no plain path is left out. Lets other work, and an
 * interruption, in between.
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
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
      since = performance.now();
    }
    const names = path.split("/");
    if (names.some((name) => name === "" || name === "." || name === "..")) continue;
    const chars = names.map((name) => [...name]);
    const matching = globs.filter((glob) => matches(glob, chars));
    if (matching.length > 0) files.push(path);
    for (const glob of matching) unmatched.delete(glob);
  }
  return { files, unmatched: [...unmatched].map(({ text }) => text) };
}

/** Whether a glob matches a path, or a directory that it lies in. */
function matches(glob: Glob, path: readonly (readonly string[])[]): boolean {
  let state: GlobState = startGlob(glob);
  for (const name of path) {
    const step = stepGlob(glob, state, name);
    if (step.matched) return true;
    if (step.state.length === 0) return false;
    state = step.state;
  }
  return false;
}

/** Reads globs that a config has been checked for. */
export function parseGlobs(globs: readonly string[]): Glob[] {
  return globs.map((text) => {
    const glob = parseGlob(text);
    if (glob === undefined) throw new RangeError(`Cannot read the glob ${JSON.stringify(text)}`);
    return glob;
  });
}
