import { DEFAULT_EXCLUDES, defaultExcludeKind } from "./default_excludes.ts";
import type { GitLists } from "./git_lists.ts";
import { type IgnoreRule, parseGitignore, parseIgnoreRule } from "./gitignore.ts";
import { type ProjectTree, treeFromGit, treeFromWalk } from "./project_tree.ts";
import { pathRule, toRsyncRules } from "./rsync_rules.ts";

/** What {@link projectFilter} looks at. */
export interface FilterOptions {
  /** The project's folder on the host. */
  readonly dir: string;
  /** The project's own patterns, as in a `.gitignore`; they win over everything else. */
  readonly excludes: readonly string[];
  /** What git says, if the project is a work tree and git is on the host. */
  readonly git?: GitLists;
}

/**
 * The rsync filter that leaves out what a guest does not need, as the text of a file for
 * `rsync --filter='merge FILE' DIR/ ...`; the trailing slash matters, since the rules are
 * relative to the root of the transfer.
 *
 * From strongest to weakest: the project's own excludes; the repository; folders that hold a
 * build tree; what git ignores; the default excludes, except for files that git tracks and
 * folders that hold sources.
 *
 * Where git can be asked, its answer is taken path by path, since only git knows which ignored
 * files are tracked all the same, and reads the ignore files outside the project. Elsewhere the
 * project's `.gitignore` files are translated.
 */
export async function projectFilter(options: FilterOptions): Promise<string> {
  const { dir, excludes, git } = options;
  const tree = git === undefined ? await treeFromWalk(dir) : await treeFromGit(dir, git);
  return filterText({ excludes, tree, ignored: git?.ignored ?? [] });
}

/** The filter from what is known about a project; see {@link projectFilter}. */
export function filterText(
  { excludes, tree, ignored }: {
    readonly excludes: readonly string[];
    readonly tree: ProjectTree;
    readonly ignored: readonly string[];
  },
): string {
  // A deeper .gitignore wins over those above it.
  const gitignores = tree.gitignores.toSorted((a, b) => depth(b.dir) - depth(a.dir));
  const sections: [title: string, rules: string[]][] = [
    ["the project's own excludes", toRsyncRules(compile(excludes))],
    ["the repository", toRsyncRules(defaults((kind) => kind === "repository"))],
    ["build trees", tree.buildTrees.map((path) => pathRule("-", `${path}/`))],
    ["ignored by git", ignored.filter(isNotObvious).map((path) => pathRule("-", path))],
    [
      ".gitignore files",
      gitignores.flatMap(({ dir, text }) => toRsyncRules(parseGitignore(text), dir)),
    ],
    ["sources that look like build products", tree.sources.map((path) => pathRule("+", path))],
    ["default excludes", toRsyncRules(defaults((kind) => kind !== "repository"))],
  ];
  return sections.filter(([, rules]) => rules.length > 0)
    .map(([title, rules]) => `# ${title}\n${rules.join("\n")}\n`).join("");
}

function compile(patterns: readonly string[]): IgnoreRule[] {
  return patterns.flatMap((pattern) => parseIgnoreRule(pattern) ?? []);
}

function defaults(wanted: (kind: string) => boolean): IgnoreRule[] {
  return compile(DEFAULT_EXCLUDES.filter(({ kind }) => wanted(kind)).map(({ pattern }) => pattern));
}

/** A build inside the sources leaves thousands of objects, which one default exclude covers. */
function isNotObvious(path: string): boolean {
  return path.endsWith("/") || defaultExcludeKind(path, false) === undefined;
}

const depth = (dir: string) => dir === "" ? 0 : dir.split("/").length;
