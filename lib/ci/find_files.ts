import { join } from "@std/path";
import { WorkError } from "../base/errors.ts";
import { type Glob, type GlobState, startGlob, stepGlob } from "../project/globs.ts";
import type { Selected } from "../guest/artifact_globs.ts";

/** What {@link findFiles} takes besides where and what. */
export interface FindFilesOptions {
  /** Directories; a link to a file in one of them counts as that file, other links are ignored. */
  readonly linksInto: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * The files of this host that a glob matches, or that are in a directory that one matches; sorted.
 * Links to directories are not followed. Looks only where a glob can match.
 */
export async function findFiles(
  root: string,
  globs: readonly Glob[],
  { linksInto, signal }: FindFilesOptions,
): Promise<Selected> {
  const files: string[] = [];
  const unmatched = new Set(globs);
  const inside = (await Promise.all(linksInto.map((dir) => Deno.realPath(dir).catch(() => []))))
    .flat().map((dir) => join(dir, "/"));
  const isFile = async ({ isFile, isSymlink }: Deno.DirEntry, path: string) => {
    if (!isSymlink) return isFile;
    const real = await Deno.realPath(path).catch(() => "");
    return inside.some((dir) => real.startsWith(dir)) && (await Deno.stat(real)).isFile;
  };
  /** `taken`: the globs that match a directory on the way here. */
  const visit = async (
    dir: string,
    states: ReadonlyMap<Glob, GlobState>,
    taken: ReadonlySet<Glob>,
  ): Promise<void> => {
    signal?.throwIfAborted();
    for (const entry of await entriesOf(join(root, dir))) {
      const path = join(dir, entry.name);
      const name = [...entry.name];
      const matching = new Set(taken);
      const below = new Map<Glob, GlobState>();
      for (const [glob, state] of states) {
        const step = stepGlob(glob, state, name);
        if (step.matched) matching.add(glob);
        if (step.state.length > 0) below.set(glob, step.state);
      }
      if (entry.isDirectory) {
        if (matching.size > 0 || below.size > 0) await visit(path, below, matching);
      } else if (matching.size > 0 && await isFile(entry, join(root, path))) {
        files.push(path);
        for (const glob of matching) unmatched.delete(glob);
      }
    }
  };
  if (globs.length > 0) {
    await visit("", new Map(globs.map((glob) => [glob, startGlob(glob)])), new Set());
  }
  return { files: files.sort(), unmatched: [...unmatched].map(({ text }) => text) };
}

async function entriesOf(dir: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(dir));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WorkError(`Cannot look for artifacts in ${JSON.stringify(dir)}: ${why}`, { cause });
  }
}
