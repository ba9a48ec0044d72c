import { dirname, join, resolve } from "@std/path";
import { readRegular } from "./project_file.ts";

/** Where a repository is; absolute paths. */
export interface Repository {
  /** The top of the work tree. */
  readonly top: string;
  /** Index and `HEAD` of this work tree. */
  readonly gitDir: string;
  /** Objects and `info/`; the same directory, except in linked work trees. */
  readonly commonDir: string;
}

/** The most that a file may hold which is nothing but a path. */
const MOST_PATH_BYTES = 1 << 16;

/** The repository around a directory, found as git does; on the directory's own file system. */
export async function findRepository(dir: string): Promise<Repository | undefined> {
  const { dev } = await Deno.stat(dir);
  for (let top = dir;; top = dirname(top)) {
    const found = await repositoryAt(top);
    if (found !== "none") return found === "broken" ? undefined : found;
    if (dirname(top) === top || (await Deno.stat(dirname(top))).dev !== dev) return undefined;
  }
}

/** The repository of a work tree whose top is this directory. `"broken"`: its file leads nowhere. */
export async function repositoryAt(top: string): Promise<Repository | "none" | "broken"> {
  const dotGit = join(top, ".git");
  const info = await Deno.stat(dotGit).catch(() => undefined);
  if (info?.isDirectory) return await readRepository(top, dotGit) ?? "none";
  if (!info?.isFile) return "none";
  // A file in linked work trees and submodules.
  const text = await readPath(dotGit);
  const target = text.startsWith("gitdir: ") ? text.slice("gitdir: ".length) : "";
  if (target === "") return "broken";
  return await readRepository(top, resolve(top, target)) ?? "broken";
}

async function readRepository(top: string, gitDir: string): Promise<Repository | undefined> {
  const commonPath = join(gitDir, "commondir");
  const haveCommon = await Deno.stat(commonPath).then(() => true, () => false);
  const commonDir = haveCommon ? resolve(gitDir, await readPath(commonPath)) : gitDir;
  // In old repositories it is a link to a branch that may not exist yet.
  const haveHead = await Deno.lstat(join(gitDir, "HEAD"))
    .then(({ isFile, isSymlink }) => isFile || isSymlink, () => false);
  const isComplete = haveHead && await isDirectory(join(commonDir, "objects")) &&
    await isDirectory(join(commonDir, "refs"));
  return isComplete ? { top, gitDir, commonDir } : undefined;
}

/** The text of a file without the line ends at its end. */
async function readPath(path: string): Promise<string> {
  const text = new TextDecoder().decode(await readRegular(path, MOST_PATH_BYTES));
  // No expression for the end: it would take the square of a hostile text's length.
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\r")) end--;
  return text.slice(0, end);
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}
