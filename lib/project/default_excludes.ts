import { IgnoreRules } from "./ignore_rules.ts";
import type { BytePath } from "./path_bytes.ts";

/** A pattern that is left out of every copy of a project, and why. */
interface DefaultExclude {
  /** As in a `.gitignore`. */
  readonly pattern: string;
  readonly why: string;
  /**
   * - `repository`: never sent unless the project's own excludes take it back.
   * - `build tree`: sent all the same if it holds sources.
   * - `product`: sent all the same if git tracks it.
   */
  readonly kind: "repository" | "build tree" | "product";
}

/**
 * What stays on the host by default, like a `.gitignore`: the guest's build would take objects and
 * build trees for finished work. Archives (`*.a`) and shared libraries may be sources, so they are
 * sent.
 */
export const DEFAULT_EXCLUDES: readonly DefaultExclude[] = [
  {
    pattern: ".git",
    why: "the repository; a file in worktrees and submodules",
    kind: "repository",
  },
  { pattern: "build/", why: "the usual build tree", kind: "build tree" },
  { pattern: "build-*/", why: "build trees by variant", kind: "build tree" },
  { pattern: "!build-aux/", why: "the Autotools keep sources there", kind: "build tree" },
  { pattern: "cmake-build-*/", why: "build trees of CLion", kind: "build tree" },
  { pattern: "_build/", why: "build trees of Sphinx, dune and others", kind: "build tree" },
  { pattern: "node_modules/", why: "installed npm packages", kind: "product" },
  {
    pattern: "CMakeFiles/",
    why: "CMake's working files of a build inside the sources",
    kind: "product",
  },
  { pattern: "CMakeCache.txt", why: "it names directories of the host", kind: "product" },
  { pattern: "*.o", why: "object files", kind: "product" },
  { pattern: "*.obj", why: "object files", kind: "product" },
  { pattern: "*.lo", why: "libtool's object files", kind: "product" },
  { pattern: "*.gch", why: "precompiled headers of GCC", kind: "product" },
  { pattern: "*.pch", why: "precompiled headers of Clang", kind: "product" },
  { pattern: "/images/", why: "disk images", kind: "product" },
  { pattern: "/logs/", why: "build logs", kind: "product" },
];

/**
 * Marks of a build tree of any name, unless it has a CMakeLists.txt: CMake's cache, or the tag of
 * https://bford.info/cachedir/ which Cargo and Meson set.
 */
export const BUILD_TREE_MARKERS: readonly string[] = ["CMakeCache.txt", "CACHEDIR.TAG"];

const RULES = new IgnoreRules(DEFAULT_EXCLUDES.map(({ pattern }) => pattern));

/** The kind of the default exclude that names this path; a directory's ends with a slash. */
export function defaultExcludeKind(path: BytePath): DefaultExclude["kind"] | undefined {
  const verdict = RULES.judge(path);
  return verdict?.ignored === true ? DEFAULT_EXCLUDES[verdict.index]!.kind : undefined;
}
