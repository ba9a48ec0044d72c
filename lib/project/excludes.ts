import { delay } from "@std/async";
import { join } from "@std/path";
import { ownScript } from "../base/process/own_script.ts";
import { WorkError } from "../base/errors.ts";
import { $ } from "../base/process/dollar.ts";
import { makeScratch } from "../base/process/scratch.ts";
import { defaultExcludeKind } from "./default_excludes.ts";
import type { GitLists } from "./git_lists.ts";
import { IgnoreRules } from "./ignore_rules.ts";
import {
  type BytePath,
  fromText,
  isGarbled,
  nameOf,
  parentOf,
  parseTree,
  readBytes,
  toText,
} from "./path_bytes.ts";
import { readInside } from "./project_file.ts";
import { type ProjectTree, treeFromGit, treeFromNames } from "./project_tree.ts";

/** What {@link projectFiles} looks at. */
interface ProjectFilesOptions {
  /** The project's directory on the host. */
  readonly dir: string;
  /** The project's own patterns, as in a `.gitignore`; they win over everything else. */
  readonly excludes: readonly string[];
  /** What git says, if the project is a work tree and git is on the host. */
  readonly git?: GitLists;
  /** Whether the repository itself comes along. Default `false`. */
  readonly withRepository?: boolean;
  readonly signal?: AbortSignal;
}

/** What a guest needs of a project. */
interface ProjectFiles {
  /** Files, links and directories; the latter end with a slash. */
  readonly paths: readonly BytePath[];
  /** Whether a path, which may be of the guest alone, is nothing that is left out. */
  takes(path: BytePath): boolean;
}

const LIST_TREE = ownScript("list_tree.sh", import.meta.url);

/**
 * The list of what a guest needs of a project. Throws {@link WorkError} for a directory among that
 * which cannot be read.
 *
 * From strongest to weakest: the project's own excludes; the repository; directories that hold a
 * build tree; what git ignores; the default excludes, except for files that git tracks and
 * directories that hold sources.
 *
 * Where git can be asked, its answer is taken path by path, since only git knows which ignored
 * files are tracked all the same, and reads the ignore files outside the project. Elsewhere the
 * project's `.gitignore` files are read.
 */
export async function projectFiles(options: ProjectFilesOptions): Promise<ProjectFiles> {
  const { dir, git, signal } = options;
  const { all, isWhole } = await listTree(dir, signal);
  const tree = git === undefined ? treeFromNames(all) : treeFromGit(all, git);
  const rules = new ProjectRules(options, tree);
  if (git === undefined) await readGitignores(dir, all, rules);
  const paths: BytePath[] = [];
  for (const [index, path] of all.entries()) {
    // Hostile rules take long.
    if (index % 1000 === 0) await delay(0, { signal });
    if (rules.takes(path)) paths.push(path);
  }
  // Of what is left out, nobody wants to know.
  if (!isWhole) { for (const path of paths) if (path.endsWith("/")) await checkRead(dir, path); }
  return { paths, takes: (path) => rules.takes(path) };
}

/** What could not be listed must not be taken for removed. */
async function checkRead(dir: string, path: BytePath): Promise<void> {
  try {
    for await (const _ of Deno.readDir(join(dir, toText(path)))) break;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WorkError(`Cannot list ${JSON.stringify(dir)}: ${why}`, { cause });
  }
}

async function listTree(dir: string, signal?: AbortSignal) {
  await using scratch = await makeScratch("sync");
  const list = join(scratch.path, "list");
  const code = await $`${LIST_TREE} ${dir} ${list}`.signal(signal).code();
  if (code > 1) throw new WorkError(`Cannot list ${JSON.stringify(dir)}: it cannot be entered`);
  return { all: parseTree(readBytes(await Deno.readFile(list))), isWhole: code === 0 };
}

/** The outermost first: they say whether the others count. */
async function readGitignores(
  dir: string,
  all: readonly BytePath[],
  rules: ProjectRules,
): Promise<void> {
  const files = all.filter((path) => nameOf(path) === ".gitignore" && !path.endsWith("/"));
  const depth = (path: BytePath) => path.split("/").length;
  for (const file of files.sort((a, b) => depth(a) - depth(b))) {
    const parent = parentOf(file);
    const path = toText(file);
    if (isGarbled(path) || parent !== "" && !rules.takes(parent)) continue;
    const bytes = await readInside(dir, path).catch(() => undefined);
    if (bytes !== undefined) rules.gitignores.set(parent, IgnoreRules.fromText(readBytes(bytes)));
  }
}

/** `never`: not even for an own pattern that takes back what is below. */
type State = "in" | "out" | "never";

class ProjectRules {
  /** By their directories. */
  readonly gitignores = new Map<BytePath, IgnoreRules>();
  readonly #states = new Map<BytePath, State>([["", "in"]]);
  readonly #own: IgnoreRules;
  readonly #ignored: ReadonlySet<BytePath>;
  readonly #withRepository: boolean;

  constructor(
    { excludes, git, withRepository = false }: ProjectFilesOptions,
    readonly tree: ProjectTree,
  ) {
    this.#own = IgnoreRules.fromPatterns(excludes.map(fromText));
    this.#ignored = new Set(git?.ignored.map(fromText));
    this.#withRepository = withRepository;
  }

  takes(path: BytePath): boolean {
    return this.#state(path) === "in";
  }

  #state(path: BytePath): State {
    const known = this.#states.get(path);
    if (known !== undefined) return known;
    const state = this.#judge(path, this.#state(parentOf(path)));
    if (path.endsWith("/")) this.#states.set(path, state);
    return state;
  }

  #judge(path: BytePath, above: State): State {
    if (above === "never") return above;
    if (this.#withRepository && /^\.git(?:\/|$)/.test(path)) return "in";
    const own = this.#own.judge(path);
    if (own !== undefined) return own.ignored ? "never" : "in";
    if (above === "out") return above;
    if (nameOf(path) === ".git" || this.tree.buildTrees.has(path) || this.#ignored.has(path)) {
      return "out";
    }
    for (let dir = path; dir !== "";) {
      dir = parentOf(dir);
      const verdict = this.gitignores.get(dir)?.judge(path.slice(dir.length));
      if (verdict !== undefined) return verdict.ignored ? "out" : "in";
    }
    if (this.tree.sources.has(path)) return "in";
    return defaultExcludeKind(path) === undefined ? "in" : "out";
  }
}
