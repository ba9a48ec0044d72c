import { dirname, join, resolve } from "@std/path";
import { UsageError } from "../base/errors.ts";
import { showPath } from "../config/show_path.ts";

/** What {@link resolveProject} goes by. */
interface ResolveProjectOptions {
  /** The value of `--project`; may be relative to `cwd` and hold any character. */
  readonly projectFlag?: string;
  /** The directory that the user called from, absolute: `INIT_CWD` under `deno task`. */
  readonly cwd: string;
  /** The guesthouse checkout. */
  readonly root: string;
}

/** The sample project, relative to the checkout. */
const SAMPLE_PROJECT = "examples/hello-cmake";

/**
 * The directory of the project to build, absolute and without symbolic links: `wanted`, or else the
 * git work tree around `cwd`, or else the sample. A tree around the checkout is not meant: it may
 * be a home directory. Throws {@link UsageError}.
 */
export async function resolveProject(options: ResolveProjectOptions): Promise<string> {
  const { projectFlag, cwd } = options;
  if (projectFlag !== undefined) return await requestedProject(projectFlag, cwd);
  const root = await Deno.realPath(options.root);
  // A directory that is gone by now says nothing about a project.
  const calledFrom = await Deno.realPath(cwd).catch(() => root);
  const workTree = await findWorkTree(calledFrom);
  const sample = join(root, SAMPLE_PROJECT);
  if (workTree === undefined || workTree === root) return sample;
  return isBelow(calledFrom, root) && !isBelow(workTree, root) ? sample : workTree;
}

async function requestedProject(flag: string, cwd: string): Promise<string> {
  if (flag === "") throw cannotUse(flag, "the path is empty", cwd);
  const path = resolve(cwd, flag);
  try {
    const dir = await Deno.realPath(path);
    if ((await Deno.stat(dir)).isDirectory) return dir;
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? "there is no such directory"
      : cause instanceof Error
      ? cause.message
      : String(cause);
    throw cannotUse(flag, why, path, cause);
  }
  throw cannotUse(flag, "it is not a directory", path);
}

function cannotUse(flag: string, why: string, path: string, cause?: unknown): UsageError {
  return new UsageError(`Cannot use project ${JSON.stringify(flag)}: ${why}`, {
    details: [`looked at: ${showPath(path)}`],
    next: "pass --project DIR with the directory of a project",
    cause,
  });
}

/** The nearest directory with a `.git`, which is a file in linked work trees and submodules. */
async function findWorkTree(start: string): Promise<string | undefined> {
  for (let dir = start;; dir = dirname(dir)) {
    if (await Deno.lstat(join(dir, ".git")).then(() => true, () => false)) return dir;
    if (dirname(dir) === dir) return undefined;
  }
}

/** Whether a directory is another one or lies in it; both without symbolic links. */
function isBelow(dir: string, ancestor: string): boolean {
  return dir === ancestor || dir.startsWith(join(ancestor, "/"));
}
