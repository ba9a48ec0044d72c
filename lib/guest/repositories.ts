/** Judges a path of a tree, relative to it: whether it is part of a repository. */
export type RepositoryJudge = (path: string) => boolean;

/**
 * Directories from which a version control system takes its configuration, and so programs to run,
 * as {@link fold} names them; `git~1` is the name of `.git` on NTFS.
 */
const REPOSITORY = /^(?:\.git|git~\d+|\.hg|\.jj|\.bzr|_darcs)$/;

/** What git requires before it treats a directory of any name as a repository. */
const HEAD = "head";
/** And one of these: `objects` and `refs`, or the name of another directory that has them. */
const STORES = new Set(["objects", "refs", "commondir"]);

/**
 * Recognizes paths of repositories on any file system: below `.git` under all its names, or in a
 * directory laid out like a bare repository, perhaps across several listings.
 */
export function repositoryJudge(paths: Iterable<string>): RepositoryJudge {
  const heads = new Set<string>();
  const stores = new Set<string>();
  for (const path of paths) {
    const names = foldedNames(path);
    for (const [index, name] of names.entries()) {
      const found = name === HEAD ? heads : STORES.has(name) ? stores : undefined;
      found?.add(names.slice(0, index).join("/"));
    }
  }
  const bare = heads.intersection(stores);
  return (path) => {
    const names = foldedNames(path);
    return names.some((name, index) =>
      REPOSITORY.test(name) || bare.has(names.slice(0, index).join("/"))
    );
  };
}

/** A path's names as the least strict of file systems compares them. Windows has a second slash. */
const foldedNames = (path: string): string[] => path.split(/[/\\]/).map(fold);

/**
 * As file systems compare names: NTFS drops final dots and streams, HFS+ and APFS unseen
 * characters.
 */
function fold(name: string): string {
  return name.normalize("NFKC").replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "")
    .toLowerCase().replace(/:.*$/s, "").replace(/[. ]+$/, "");
}
