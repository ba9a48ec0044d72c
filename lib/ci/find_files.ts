import { join } from "@std/path";
import { WorkError } from "../base/errors.ts";
import { waysTo } from "../guest/artifact_globs.ts";
import type { FileSystem, Listed } from "../guest/find_artifacts.ts";

/** This host's own files. Only what may hold what a glob matches is read. */
export function hostFiles(signal?: AbortSignal): FileSystem {
  const walk = async (root: string, isWanted: (dir: string) => boolean): Promise<Listed> => {
    const found: Listed = { files: [], links: [] };
    const visit = async (dir: string): Promise<void> => {
      signal?.throwIfAborted();
      for (const entry of await entriesOf(join(root, dir))) {
        const path = join(dir, entry.name);
        if (entry.isSymlink) found.links.push(path);
        else if (entry.isFile) found.files.push(path);
        else if (entry.isDirectory && isWanted(path)) await visit(path);
      }
    };
    await visit("");
    return found;
  };
  const each = <T>(paths: readonly string[], ask: (path: string) => Promise<T>) =>
    Promise.all(paths.map((path) => ask(path).catch(() => undefined)));
  return {
    list: (root, globs) => walk(root, waysTo(globs).isOnTheWayOrBelow),
    realPaths: (paths) => each(paths, Deno.realPath),
    async look(paths) {
      const infos = await each(paths, Deno.lstat);
      const seen = new Map<string, Listed | "file">();
      for (const [index, path] of paths.entries()) {
        const info = infos[index];
        if (info?.isFile) seen.set(path, "file");
        if (info?.isDirectory) seen.set(path, await walk(path, () => true));
      }
      return seen;
    },
    targets: (links) => each(links, Deno.readLink),
  };
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
