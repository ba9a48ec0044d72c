/** What git knows about a work tree; paths relative to the directory it was asked in. */
export interface GitLists {
  /** Files in the index, also those of submodules. */
  readonly tracked: readonly string[];
  /** What `.gitignore` and git's other ignore files leave out; directories end with a slash. */
  readonly ignored: readonly string[];
}

/** What git knows about one repository. */
export interface RepositoryLists extends GitLists {
  /** Where other repositories belong; they are not in `tracked`. */
  readonly submodules: readonly string[];
}

/** The arguments of the two commands whose output {@link parseGitLists} reads. */
export const GIT_QUERIES: Readonly<Record<keyof GitLists, readonly string[]>> = {
  tracked: ["ls-files", "-z", "--stage"],
  ignored: ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"],
};

/** The mode of a submodule's entry in an index (git's `S_IFGITLINK`). */
const GITLINK = "160000";

/** Reads the outputs of {@link GIT_QUERIES}. */
export function parseGitLists(
  outputs: Readonly<Record<keyof GitLists, string>>,
): RepositoryLists {
  const paths = (text: string) => text.split("\0").filter((path) => path !== "" && path !== "./");
  const tracked: string[] = [];
  const submodules: string[] = [];
  // MODE OBJECT STAGE, a tab, and the path.
  for (const line of paths(outputs.tracked)) {
    const path = line.slice(line.indexOf("\t") + 1);
    (line.startsWith(`${GITLINK} `) ? submodules : tracked).push(path);
  }
  return {
    tracked,
    submodules,
    ignored: paths(outputs.ignored),
  };
}
