import { join } from "@std/path";
import { WorkError } from "../base/errors.ts";
import { Glob, namesOf } from "../project/globs.ts";
import { type Selected, selectFiles } from "../guest/artifact_globs.ts";

/** What {@link findFiles} takes besides where and what. */
interface FindFilesOptions {
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
  const inside = (await Promise.all(linksInto.map((dir) => Deno.realPath(dir).catch(() => []))))
    .flat().map((dir) => join(dir, "/"));
  const isFile = async ({ isFile, isSymlink }: Deno.DirEntry, path: string) => {
    if (!isSymlink) return isFile;
    const real = await Deno.realPath(path).catch(() => "");
    return inside.some((dir) => real.startsWith(dir)) && (await Deno.stat(real)).isFile;
  };
  const ways = globs.flatMap(waysTo);
  const files: string[] = [];
  const visit = async (dir: string): Promise<void> => {
    signal?.throwIfAborted();
    for (const entry of await entriesOf(join(root, dir))) {
      const path = join(dir, entry.name);
      if (entry.isDirectory) {
        if (ways.some((leads) => leads(path))) await visit(path);
      } else if (await isFile(entry, join(root, path))) files.push(path);
    }
  };
  if (globs.length > 0) await visit("");
  return await selectFiles(globs, files.sort(), signal);
}

/** What tells of directories on the way to what a glob matches, and of those below. */
function waysTo({ text }: Glob): ((dir: string) => boolean)[] {
  const names = namesOf(text);
  const deep = names.indexOf("**");
  return names.slice(0, deep === -1 ? undefined : deep + 1).map((_, index, known) => {
    const start = new Glob(names.slice(0, index + 1).join("/"));
    const isOpen = index === known.length - 1;
    return (dir) => start.takes(dir) && (isOpen || dir.split("/").length === index + 1);
  });
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
