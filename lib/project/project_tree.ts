import { dirname, join } from "@std/path";
import { BUILD_TREE_MARKERS, defaultExcludeKind } from "./default_excludes.ts";
import type { GitLists } from "./git_lists.ts";
import { readInside } from "./project_file.ts";

/** What a look at a project's folders says about leaving parts out. Paths are relative to it. */
export interface ProjectTree {
  /** The `.gitignore` files, folders in front of what they hold; empty where git was asked. */
  readonly gitignores: readonly { readonly dir: string; readonly text: string }[];
  /** Folders that hold a build tree, whatever their names. */
  readonly buildTrees: readonly string[];
  /** What a default exclude names but what belongs to the sources; folders end with a slash. */
  readonly sources: readonly string[];
}

/** Sorts out a project by what git tracks: a tracked file is a source, whatever it looks like. */
export async function treeFromGit(dir: string, git: GitLists): Promise<ProjectTree> {
  const sources = new Set<string>();
  const folders = new Set<string>();
  for (const path of git.tracked) {
    if (defaultExcludeKind(path, false) !== undefined) sources.add(path);
    for (const folder of parentsOf(path)) {
      if (folders.has(folder)) break;
      folders.add(folder);
      if (defaultExcludeKind(folder, true) !== undefined) sources.add(`${folder}/`);
    }
  }
  const buildTrees = new Set<string>();
  for (const marker of git.markers) {
    const [folder] = parentsOf(marker);
    if (folder === undefined || folders.has(folder)) continue;
    if (!await isFile(join(dir, folder, "CMakeLists.txt"))) buildTrees.add(folder);
  }
  return { gitignores: [], buildTrees: [...buildTrees], sources: [...sources] };
}

/**
 * Sorts out a project without git's help by walking it. Symbolic links are not followed and
 * folders that cannot be read are passed over: the copy will name them.
 */
export async function treeFromWalk(dir: string): Promise<ProjectTree> {
  const tree = {
    gitignores: [] as { dir: string; text: string }[],
    buildTrees: [] as string[],
    sources: [] as string[],
  };
  const visit = async (folder: string) => {
    const entries = await entriesOf(join(dir, folder));
    if (folder !== "" && isBuildTree(entries)) {
      tree.buildTrees.push(folder);
      return;
    }
    if (entries.some(({ name, isFile }) => name === ".gitignore" && isFile)) {
      const bytes = await readInside(dir, join(folder, ".gitignore")).catch(() => undefined);
      const text = new TextDecoder().decode(bytes);
      tree.gitignores.push({ dir: folder, text });
    }
    for (const { name, isDirectory } of entries) {
      if (!isDirectory) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      const kind = defaultExcludeKind(path, true);
      if (kind === "build tree" && await holdsSources(join(dir, path))) {
        tree.sources.push(`${path}/`);
      } else if (kind !== undefined) continue;
      await visit(path);
    }
  };
  await visit("");
  return tree;
}

/**
 * Whether a folder that is named like a build tree holds sources instead, as `build/cmake` of
 * zstd and lz4 does: a CMakeLists.txt in it or one level below, and no CMake cache beside it.
 */
async function holdsSources(dir: string): Promise<boolean> {
  const entries = await entriesOf(dir);
  if (isBuildTree(entries)) return false;
  if (entries.some(isProjectFile)) return true;
  for (const { name, isDirectory } of entries) {
    if (!isDirectory) continue;
    const below = await entriesOf(join(dir, name));
    if (below.some(isProjectFile) && !isBuildTree(below)) return true;
  }
  return false;
}

const isProjectFile = ({ name, isFile }: Deno.DirEntry) => name === "CMakeLists.txt" && isFile;

/** A cache beside a CMakeLists.txt is that of a build inside the sources. */
function isBuildTree(entries: readonly Deno.DirEntry[]): boolean {
  const marked = entries.some(({ name, isFile }) => isFile && BUILD_TREE_MARKERS.includes(name));
  return marked && !entries.some(isProjectFile);
}

async function entriesOf(dir: string): Promise<Deno.DirEntry[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(dir));
    return entries.sort((a, b) => a.name < b.name ? -1 : 1);
  } catch {
    return [];
  }
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.lstat(path).then((info) => info.isFile, () => false);
}

/** The folders that a relative path lies in, the nearest first. */
function* parentsOf(path: string): Generator<string> {
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) yield folder;
}
