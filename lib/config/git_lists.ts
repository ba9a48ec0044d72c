import { BUILD_TREE_MARKERS } from "./default_excludes.ts";

/** What git knows about a work tree; paths relative to the folder it was asked in. */
export interface GitLists {
  /** Files in the index, also those of submodules. */
  readonly tracked: readonly string[];
  /** What `.gitignore` and git's other ignore files leave out; folders end with a slash. */
  readonly ignored: readonly string[];
  /** Untracked files that mark a folder as a build tree. */
  readonly markers: readonly string[];
}

/**
 * The arguments of the three commands whose output {@link parseGitLists} reads: run each as
 * `git -C DIR ...` with `GIT_OPTIONAL_LOCKS=0`, so that the user's index stays as it is, and
 * without `GIT_DIR`, `GIT_WORK_TREE` and `GIT_INDEX_FILE`, which name another repository when a
 * task runs in a hook. If one fails (no git, no work tree, another owner), there are no lists and
 * the project's `.gitignore` files are read instead.
 */
export const GIT_QUERIES: Readonly<Record<keyof GitLists, readonly string[]>> = {
  tracked: ["ls-files", "-z", "--cached", "--recurse-submodules"],
  ignored: ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"],
  markers: [
    ...["ls-files", "-z", "--others", "--exclude-standard", "--"],
    ...BUILD_TREE_MARKERS.map((name) => `:(glob)**/${name}`),
  ],
};

/**
 * Reads the outputs of {@link GIT_QUERIES}. Returns undefined if git tracks nothing there: the
 * folder is then new, or unpacked inside somebody else's work tree, which may ignore all of it.
 */
export function parseGitLists(
  outputs: Readonly<Record<keyof GitLists, string>>,
): GitLists | undefined {
  const paths = (text: string) => text.split("\0").filter((path) => path !== "" && path !== "./");
  const tracked = paths(outputs.tracked);
  if (tracked.length === 0) return undefined;
  return { tracked, ignored: paths(outputs.ignored), markers: paths(outputs.markers) };
}
