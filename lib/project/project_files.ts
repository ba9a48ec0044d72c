import { delay } from "@std/async";
import { join } from "@std/path";
import { ownScript } from "../base/process/own_script.ts";
import { UsageError, WorkError } from "../base/errors.ts";
import { realPath } from "../base/files/directories.ts";
import { ownDirs } from "../base/files/paths.ts";
import { $ } from "../base/process/dollar.ts";
import { makeScratch } from "../base/process/scratch.ts";
import { brokenRepository, linksOutWarning } from "./links_out.ts";
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
import { ProjectRules, type RulesOptions } from "./project_rules.ts";
import { treeFromGit, treeFromNames } from "./project_tree.ts";

/** What {@link projectFiles} looks at. */
interface ProjectFilesOptions extends RulesOptions {
  /** The project's directory on the host. */
  readonly dir: string;
  /** Called with a sentence about what guests get and have no use for. */
  readonly onWarning?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** What a guest needs of a project. */
export interface ProjectFiles {
  /** Files, links and directories; the latter end with a slash. */
  readonly paths: readonly BytePath[];
  /** Those of them with a time later than now, without slashes. */
  readonly future: readonly BytePath[];
  /** Those of them that are mostly holes. */
  readonly sparse: readonly BytePath[];
  /** Whether a path, which may be of the guest alone, is nothing that is left out. */
  takes(path: BytePath): boolean;
}

/** How long paths are judged before anything else may happen. */
const TURN_MS = 50;

const LIST_TREE = ownScript("list_tree.sh", import.meta.url);

/**
 * The list of what a guest needs of a project. Throws {@link WorkError} for a directory among that
 * which cannot be read, and {@link UsageError} where the excludes ask for a `.git` that is a file.
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
  const { dir, git, withRepository, onWarning, signal } = options;
  const { paths: all, links, odd, isWhole } = await listTree(dir, signal);
  const tree = git === undefined ? treeFromNames(all) : treeFromGit(all, git);
  const never = await ownDirsBelow(dir);
  const rules = new ProjectRules({ ...options, never }, tree);
  // Git on the host knows nothing of files that only the guest has.
  const others = git === undefined ? rules : new ProjectRules({ ...options, never }, tree);
  if (git === undefined || withRepository) await readGitignores(dir, all, others);
  const paths: BytePath[] = [];
  let turn = -Infinity;
  for (const path of all) {
    // Hostile rules take long, and time limits and signals need their turns.
    if (performance.now() - turn > TURN_MS) {
      await delay(0, { signal });
      turn = performance.now();
    }
    if (rules.takes(path)) paths.push(path);
  }
  // Files that are left out are not interesting.
  if (!isWhole) { for (const path of paths) if (path.endsWith("/")) await checkRead(dir, path); }
  const warning = onWarning &&
    await linksOutWarning(dir, links.filter((path) => rules.takes(path)));
  if (warning !== undefined) onWarning?.(warning);
  const broken = rules.takes(".git") ? await brokenRepository(dir) : undefined;
  if (broken !== undefined && !withRepository) {
    throw new UsageError(broken, {
      next: 'build the main work tree, or remove the pattern that sends .git from "excludes"',
    });
  }
  if (broken !== undefined) onWarning?.(broken);
  const known = new Set(all);
  const wanted = new Set(paths);
  const oddOnes = odd.filter((path) => wanted.has(path) || wanted.has(`${path}/`));
  return {
    paths,
    ...await sortOdd(dir, oddOnes),
    takes: (path) => (known.has(path) ? rules : others).takes(path),
  };
}

async function sortOdd(dir: string, odd: readonly BytePath[]) {
  const future: BytePath[] = [];
  const sparse: BytePath[] = [];
  for (const path of odd) {
    const info = await Deno.lstat(join(dir, toText(path))).catch(() => undefined);
    if (info === undefined) continue;
    if ((info.mtime?.getTime() ?? 0) > Date.now()) future.push(path);
    if (info.isFile && info.blocks !== null && info.blocks * 512 < info.size / 2) sparse.push(path);
  }
  return { future, sparse };
}

/**
 * What guesthouse keeps below a project, as where the checkout is a submodule of it: keys, snapshots,
 * the very disk of the guest.
 */
async function ownDirsBelow(dir: string): Promise<ReadonlySet<BytePath>> {
  const top = join(await realPath(dir), "/");
  const paths = await Promise.all(ownDirs().map(realPath));
  return new Set(
    paths.filter((path) => path.startsWith(top)).map((path) =>
      fromText(`${path.slice(top.length)}/`)
    ),
  );
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
  const [tree, odd] = await Promise.all(
    [list, `${list}.odd`].map(async (path) => readBytes(await Deno.readFile(path))),
  );
  const names = odd!.split("\0").slice(0, -1).map((name) => name.slice("./".length));
  return { ...parseTree(tree!), odd: names, isWhole: code === 0 };
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
