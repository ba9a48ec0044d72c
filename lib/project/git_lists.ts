import type { BytePath } from "./path_bytes.ts";

/** What git knows about a work tree; paths relative to the directory it was asked in. */
export interface GitLists {
  /** Files in the index, also those of submodules. */
  readonly tracked: readonly BytePath[];
  /** What `.gitignore` and git's other ignore files leave out; directories end with a slash. */
  readonly ignored: readonly BytePath[];
}

/** What git knows about one repository. */
interface RepositoryLists extends GitLists {
  /** Where other repositories belong; they are not in `tracked`. */
  readonly submodules: readonly BytePath[];
  /** Where others are that it neither tracks nor ignores. */
  readonly clones: readonly BytePath[];
}

/** The mode of a submodule's entry in an index (git's `S_IFGITLINK`). */
const GITLINK = "160000";

/** Asks git by `ls`, which runs `git ls-files -z` with more arguments; undefined without git. */
export async function listRepository(
  ls: (...args: string[]) => Promise<BytePath | undefined>,
): Promise<RepositoryLists | undefined> {
  const others = ["--others", "--exclude-standard"];
  const outputs = [
    await ls("--stage"),
    await ls(...others, "--ignored", "--directory"),
    // Files, and the directories of other repositories.
    await ls(...others),
  ];
  const [staged, ignored, rest] = outputs.map((text) =>
    text?.split("\0").filter((path) => path !== "" && path !== "./")
  );
  if (staged === undefined || ignored === undefined || rest === undefined) return undefined;
  // MODE OBJECT STAGE, a tab, and the path.
  const pathOf = (line: string) => line.slice(line.indexOf("\t") + 1);
  const isSubmodule = (line: string) => line.startsWith(`${GITLINK} `);
  return {
    tracked: staged.filter((line) => !isSubmodule(line)).map(pathOf),
    submodules: staged.filter(isSubmodule).map(pathOf),
    ignored,
    clones: rest.filter((path) => path.endsWith("/")).map((path) => path.slice(0, -1)),
  };
}
