import { join } from "@std/path";
import { type BytePath, isGarbled, readBytes, toText } from "./path_bytes.ts";
import { ownScript } from "../base/process/own_script.ts";
import { OutputTooLongError, run } from "../base/process/run.ts";
import { copyRepository } from "./git_copy.ts";
import { checkIgnoreFiles } from "./git_hazards.ts";
import { FileRefused } from "./project_file.ts";
import { findRepository, type Repository, repositoryAt } from "./git_repository.ts";
import { makeScratch } from "../base/process/scratch.ts";

/** What git knows about a work tree; paths relative to the directory it was asked in. */
export interface GitLists {
  /** Files in the index, also those of submodules. */
  readonly tracked: readonly BytePath[];
  /** What `.gitignore` and git's other ignore files leave out; directories end with a slash. */
  readonly ignored: readonly BytePath[];
}

interface AskGitOptions {
  readonly signal?: AbortSignal;
  /** Called with a sentence if there is a repository, and git's answer cannot be had. */
  readonly onWarning?: (text: string) => void;
  /** For all questions together, in milliseconds. Default 120 000. */
  readonly timeoutMs?: number;
}

/** For git's address space; an index of a million files takes some 200 MiB. */
const MOST_MEMORY_KIB = 4 << 20;

const LIMITED_GIT = ownScript("limited_git.sh", import.meta.url);

/** What `sh` reports for a program that is not installed. */
const NOT_FOUND = 127;

/**
 * What git knows of a project; `undefined` without git, where it is no work tree, or where git
 * tracks nothing: the directory is then new, or unpacked inside somebody else's work tree, which
 * may ignore all of it. The project's `.gitignore` files are then to be read instead.
 *
 * Git gets a copy of what it needs (see {@link copyRepository}): the project's own configuration
 * may name programs, and is never read. The user's is.
 */
export async function askGit(
  dir: string,
  { signal, onWarning, timeoutMs = 120_000 }: AskGitOptions = {},
): Promise<GitLists | undefined> {
  const limit = new AbortController();
  const either = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
  const timer = setTimeout(
    () => limit.abort(new Error(`git did not answer within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  try {
    const repository = await findRepository(dir);
    if (repository === undefined) return undefined;
    await checkIgnoreFiles(repository.top, dir, either);
    const lists = await listsOf(repository, dir, either);
    checkDirs(lists?.tracked ?? []);
    return lists === undefined || lists.tracked.length === 0 ? undefined : lists;
  } catch (error) {
    signal?.throwIfAborted();
    const why = error instanceof OutputTooLongError
      ? "git prints too much"
      : error instanceof Error
      ? error.message
      : String(error);
    onWarning?.(
      `Cannot ask git about ${JSON.stringify(dir)}: ${why}. Only its .gitignore files are read, ` +
        "so tracked files that look like build products are left out.",
    );
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Letters that all directories together may have in which a project's files lie. */
const MOST_DIR_CHARS = 1 << 26;

/** A short index can name gigabytes of directories, none of which has to exist. */
function checkDirs(paths: readonly BytePath[]): void {
  let chars = 0;
  let last = "";
  for (const path of paths) {
    let at = 0;
    while (at < path.length && path[at] === last[at]) at++;
    for (at = path.indexOf("/", at); at !== -1; at = path.indexOf("/", at + 1)) chars += at;
    if (chars > MOST_DIR_CHARS) {
      throw new FileRefused("its index names too many deep directories");
    }
    last = path;
  }
}

/**
 * The lists of a repository and of those in its work tree; `undefined` without git. A clone that is no
 * submodule is no source, as that of a build is not: only what it ignores counts.
 */
async function listsOf(
  repository: Repository,
  dir: string,
  signal: AbortSignal,
): Promise<GitLists | undefined> {
  await using scratch = await makeScratch("git");
  await copyRepository(repository, scratch.path);
  const own = await listRepository((...args) =>
    runGit(repository, scratch.path, ["-C", dir, "ls-files", "-z", ...args], signal)
  );
  if (own === undefined) return undefined;
  const tracked = [...own.tracked];
  const ignored = [...own.ignored];
  for (const path of [...own.submodules, ...own.clones]) {
    // Nothing has checked the paths of an index: "." and "../x" lead back, and out of the project.
    if (path.split("/").some((name) => ["", ".", ".."].includes(name))) continue;
    const name = toText(path);
    const top = join(dir, name);
    // A link could lead to any repository of the host, and back.
    const place = join(await Deno.realPath(dir), name);
    const isInPlace = !isGarbled(name) &&
      await Deno.realPath(top).then((real) => real === place, () => false);
    const found = isInPlace ? await repositoryAt(top) : "none";
    const lists = typeof found === "string" ? undefined : await listsOf(found, top, signal);
    const below = (paths: readonly BytePath[] = []) => paths.map((name) => `${path}/${name}`);
    for (const name of below(lists?.ignored)) ignored.push(name);
    if (own.clones.includes(path)) continue;
    for (const name of lists === undefined ? [path] : below(lists.tracked)) tracked.push(name);
  }
  return { tracked, ignored };
}

/** The mode of a submodule's entry in an index (git's `S_IFGITLINK`). */
const GITLINK = "160000";

/**
 * What one repository tracks and ignores, where others belong, and where others are that it neither
 * tracks nor ignores; `undefined` without git.
 */
async function listRepository(ls: (...args: string[]) => Promise<BytePath | undefined>) {
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

async function runGit(
  { top, commonDir }: Repository,
  gitDir: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<BytePath | undefined> {
  // What the user has set for all repositories would start a monitor for the copy.
  const settings = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
  const place = [`--git-dir=${gitDir}`, `--work-tree=${top}`];
  const command = [LIMITED_GIT, `${MOST_MEMORY_KIB}`, ...settings, ...place, ...args];
  const { code, stdout, stderr } = await run(command, {
    environment: { of: "git" },
    // Trees of a sparse index. Nothing is fetched that is missing, and no prompt shown.
    env: {
      GIT_OBJECT_DIRECTORY: join(commonDir, "objects"),
      GIT_OPTIONAL_LOCKS: "0",
      GIT_NO_LAZY_FETCH: "1",
      GIT_TERMINAL_PROMPT: "0",
    },
    decode: readBytes,
    signal,
  });
  if (code === NOT_FOUND) return undefined;
  if (code === 0) return stdout;
  throw new Error(stderr.trim().split("\n").at(-1) || `git ended with status ${code}`);
}
