/** Judges a path of a tree, relative to it: whether it is part of a repository. */
export type RepositoryJudge = (path: string) => boolean;

/**
 * Directories from which a version control system takes its configuration, and with it programs
 * that it runs: hooks, monitors, extensions. Named as {@link fold} names them; git also gives
 * `.git` a second name on NTFS, `git~1`.
 */
const REPOSITORY = /^(?:\.git|git~\d+|\.hg|\.jj|\.bzr|_darcs)$/;

/** What git requires before it treats a directory of any name as a repository. */
const HEAD = "head";
/** And one of these: `objects` and `refs`, or the name of another directory that has them. */
const STORES = new Set(["objects", "refs", "commondir"]);

/**
 * Tells the paths that git, or a like program, would take for a repository's, on any file system:
 * those below `.git` under all its names, and those of a directory that is laid out as a repository
 * without a work tree is, whatever it is called. Such a layout may be made up of several
 * listings, so `paths` are those of both sides.
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
 * NTFS drops dots and blanks at a name's end, and what follows a colon names a stream of the file;
 * HFS+ and APFS skip characters that show nothing; all of them take upper for lower case.
 */
function fold(name: string): string {
  return name.normalize("NFKC").replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "")
    .toLowerCase().replace(/:.*$/s, "").replace(/[. ]+$/, "");
}
