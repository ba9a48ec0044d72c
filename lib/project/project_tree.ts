import { BUILD_TREE_MARKERS, defaultExcludeKind } from "./default_excludes.ts";
import type { GitLists } from "./git_project.ts";
import { type BytePath, nameOf, parentOf } from "./path_bytes.ts";

/** What the names of a project's files say about leaving parts out; directories end with a slash. */
export interface ProjectTree {
  /** Directories that hold a build tree, whatever their names. */
  readonly buildTrees: ReadonlySet<BytePath>;
  /** What belongs to the sources, even if a default exclude names it. */
  readonly sources: ReadonlySet<BytePath>;
}

/** Sorts out a project by what git tracks: a tracked file is a source, whatever it looks like. */
export function treeFromGit(paths: readonly BytePath[], git: GitLists): ProjectTree {
  const sources = new Set<BytePath>();
  for (let source of git.tracked) {
    for (; source !== "" && !sources.has(source); source = parentOf(source)) sources.add(source);
  }
  const { marked, projects } = specialDirs(paths);
  return { buildTrees: marked.difference(projects).difference(sources), sources };
}

/**
 * Sorts out a project without git's help. A directory that is named like a build tree holds sources
 * instead, as `build/cmake` of zstd and lz4 does, if there is a CMakeLists.txt in it or one level
 * below, and no CMake cache beside it.
 */
export function treeFromNames(paths: readonly BytePath[]): ProjectTree {
  const { marked, projects } = specialDirs(paths);
  const sources = [...projects].flatMap((dir) => [dir, parentOf(dir)])
    .filter((dir) =>
      defaultExcludeKind(dir) === "build tree" && (projects.has(dir) || !marked.has(dir))
    );
  return { buildTrees: marked.difference(projects), sources: new Set(sources) };
}

/** A cache beside a CMakeLists.txt is that of a build inside the sources. */
function specialDirs(paths: readonly BytePath[]) {
  const dirsWith = (names: readonly string[]) =>
    new Set(paths.filter((path) => names.includes(nameOf(path))).map(parentOf));
  const marked = dirsWith(BUILD_TREE_MARKERS);
  marked.delete("");
  return { marked, projects: dirsWith(["CMakeLists.txt"]) };
}
