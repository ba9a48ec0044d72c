import { defaultExcludeKind } from "./default_excludes.ts";
import type { GitLists } from "./git_project.ts";
import { IgnoreRules } from "./ignore_rules.ts";
import { type BytePath, fromText, nameOf, parentOf } from "./path_bytes.ts";
import type { ProjectTree } from "./project_tree.ts";

/** What {@link ProjectRules} are made of, besides the project's `.gitignore` files. */
export interface RulesOptions {
  /** The project's own patterns, as in a `.gitignore`; they win over everything else. */
  readonly excludes: readonly string[];
  /** What git says, if the project is a work tree and git is on the host. */
  readonly git?: GitLists;
  /**
   * Whether the guest gets the repository as well, to work on the project: what it makes is judged
   * by the project's ignore files even if git says which files of the host count. Default `false`.
   */
  readonly withRepository?: boolean;
  /** Directories that are never sent, whatever the patterns say. */
  readonly never?: ReadonlySet<BytePath>;
}

/**
 * `never`: not even for an own pattern that takes back what is below. `tracked`: of an ignored
 * directory, only what git tracks.
 */
type State = "in" | "tracked" | "out" | "never";

/** Which paths of a project are sent; see `projectFiles()`. */
export class ProjectRules {
  /** By their directories. */
  readonly gitignores = new Map<BytePath, IgnoreRules>();
  readonly #states = new Map<BytePath, State>([["", "in"]]);
  readonly #own: IgnoreRules;
  readonly #ignored: ReadonlySet<BytePath>;
  readonly #withRepository: boolean;
  readonly #tracked: ReadonlySet<BytePath>;
  readonly #never: ReadonlySet<BytePath>;

  constructor(
    { excludes, git, withRepository = false, never = new Set() }: RulesOptions,
    readonly tree: ProjectTree,
  ) {
    this.#own = new IgnoreRules(excludes.map(fromText));
    this.#ignored = new Set(git?.ignored);
    this.#withRepository = withRepository;
    this.#tracked = git === undefined ? new Set() : tree.sources;
    this.#never = never;
  }

  takes(path: BytePath): boolean {
    return ["in", "tracked"].includes(this.#state(path));
  }

  #state(path: BytePath): State {
    const known = this.#states.get(path);
    if (known !== undefined) return known;
    const state = this.#judge(path, this.#state(parentOf(path)));
    if (path.endsWith("/")) this.#states.set(path, state);
    return state;
  }

  #judge(path: BytePath, above: State): State {
    if (above === "never" || this.#never.has(path)) return "never";
    if (this.#withRepository && /^\.git(?:\/|$)/.test(path)) return "in";
    const own = this.#own.judge(path);
    if (own !== undefined) return own.ignored ? "never" : "in";
    if (above === "out") return above;
    if (nameOf(path) === ".git" || this.tree.buildTrees.has(path) || this.#ignored.has(path)) {
      return "out";
    }
    const ifIgnored = this.#tracked.has(path) ? "tracked" : "out";
    if (above === "tracked") return ifIgnored;
    for (let dir = path; dir !== "";) {
      dir = parentOf(dir);
      const verdict = this.gitignores.get(dir)?.judge(path.slice(dir.length));
      if (verdict !== undefined) return verdict.ignored ? ifIgnored : "in";
    }
    if (this.tree.sources.has(path)) return "in";
    return defaultExcludeKind(path) === undefined ? "in" : "out";
  }
}
