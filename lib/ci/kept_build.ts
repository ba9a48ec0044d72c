import { dirname } from "@std/path";
import { WorkError } from "../base/errors.ts";
import { type BytePath, fromText } from "../project/path_bytes.ts";
import type { Step } from "../project/plan_steps.ts";
import { findInGuest, removeInGuest, statGuestTree, xargsInGuest } from "../guest/guest_tree.ts";
import { execText } from "../guest/exec_text.ts";
import { compareProject, type Comparison, isAsSent, type SentFile } from "./compare_project.ts";
import { type KeptTree, whyFromNothing } from "./kept_tree.ts";
import { findProject, sendFiles, type SyncOptions } from "./sync_project.ts";

/** What {@link compareKept} takes. */
export interface KeptOptions extends SyncOptions {
  /** The directory in the guest to build in; beside that of the sources. */
  readonly buildDir: string;
  /** What the cache has. */
  readonly kept: KeptTree;
  /** Has the guest's system note when files are read. */
  readonly noteReads: readonly string[];
}

/** A project that was compared with what the guest has of it. */
export interface ComparedBuild {
  /**
   * Makes the guest's directories ready for a build with these steps.
   *
   * @param recipe what the build depends on besides files
   */
  start(steps: readonly Step[], recipe: string): Promise<KeptBuild>;
}

/** A build in directories that outlive the guest. */
export interface KeptBuild {
  /** Those that have something to do. */
  readonly steps: readonly Step[];
  /** To be called after each step that has passed. */
  afterStep(step: Step): Promise<void>;
  /**
   * Removes what tests have made. To be called after the steps.
   *
   * @param spoiled why the build directory does not count, whatever is in it
   */
  finish(spoiled: string | undefined): Promise<KeptTree>;
}

/** Where the guest has what is neither sources nor the build directory. */
const NO_SOURCES = ["build", "ccache", "lost+found"];

/** Looks at the guest's copy of the project, and at what has changed since it was sent. */
export async function compareKept(options: KeptOptions): Promise<ComparedBuild> {
  const { ssh, guestDir, buildDir, project, kept, signal } = options;
  const home = dirname(guestDir);
  const look = () => statGuestTree(ssh, home, NO_SOURCES, signal);
  const [found, { own, sources }] = await Promise.all([
    findProject(options),
    look().then(splitHome),
  ]);
  const compared = await compareProject(project.dir, found.paths, kept.files, sources, signal);
  const seen = { ...compared, dirty: [...compared.dirty, ...own.map((path) => `../${path}`)] };

  const fromNothing = async () => {
    const { code } = await ssh.exec(["sh", "-c", CLEAR, "sh", buildDir, home], { signal });
    if (code !== 0) {
      throw new WorkError(`Cannot empty "${buildDir}" in guest "${ssh.name}"`, {
        details: [`rm ended with ${code}: the last build has left what its user cannot remove`],
        next: "deno task clean, which drops the build cache",
      });
    }
    const { own, sources } = splitHome(await look());
    const other = new Set([...compared.changed, ...compared.moved]);
    const stale = [...sources].filter(([path, line]) =>
      other.has(path) || kept.files.get(path)?.guest !== line
    );
    await removeInGuest(ssh, home, own, signal);
    await removeInGuest(ssh, guestDir, stale.map(([path]) => path), signal);
    const stats = await sendFiles(options, found, [...compared.files.keys()]);
    await noteReads();
    return stats;
  };
  const noteReads = () =>
    Promise.all([
      ssh.exec(options.noteReads, { signal }),
      ssh.exec(FORGET_READS(guestDir), { signal }),
    ]);
  return {
    async start(steps, recipe) {
      const why = steps.some(({ once }) => once)
        ? whyFromNothing(kept, recipe, seen)
        : "its steps are the project's own";
      const isKept = why === undefined;
      const stats = isKept
        ? await sendFiles(options, found, compared.changed, { newTimes: true })
        : await fromNothing();
      const cameOrWent = compared.moved.length;
      options.log.write(`== sync: ${JSON.stringify({ ...stats, cameOrWent })}\n`);
      options.log.write(`== build tree: ${isKept ? "kept" : `from nothing: ${why}`}\n`);
      const isSame = isKept && compared.changed.length === 0;
      if (isKept && !isSame) await noteReads();
      const there = isSame ? sources : splitHome(await look()).sources;
      const files = await filesSent(options, compared, there, isKept);
      return watch(options, { steps, recipe, files, isKept, isSame });
    },
  };
}

/** Tells the sources from what builds have put beside them. */
function splitHome(there: ReadonlyMap<BytePath, string>) {
  const prefix = "source/";
  const sources = new Map<BytePath, string>();
  const own: BytePath[] = [];
  for (const [path, line] of there) {
    if (!path.startsWith(prefix)) own.push(path);
    else if (path !== prefix) sources.set(path.slice(prefix.length), line);
  }
  return { own, sources };
}

/** A build may leave directories from which nothing can be removed. */
const CLEAR = 'find "$2" -type d ! -perm -700 -exec chmod u+rwx {} \\; ; rm -rf "$1"; mkdir "$1"';

/** What was sent, as it is on both sides. What was written to meanwhile is sent again next time. */
async function filesSent(
  { project }: KeptOptions,
  { files, changed }: Comparison,
  there: ReadonlyMap<BytePath, string>,
  isKept: boolean,
): Promise<Map<BytePath, SentFile>> {
  const sent = new Map<BytePath, SentFile>();
  const isNew = new Set(changed);
  for (const [path, file] of files) {
    if ((!isKept || isNew.has(path)) && !await isAsSent(project.dir, path, file)) continue;
    sent.set(path, { ...file, guest: there.get(path) ?? "" });
  }
  return sent;
}

/** The latest of now and the times of files, which the guest's clock has given them. */
function latest(lines: Iterable<string>): number {
  let at = Date.now();
  for (const line of lines) at = Math.max(at, Number(line.split(" ")[3] ?? 0) * 1000);
  return at;
}

/** A time that no file has of which anything was read since. */
const FORGET_READS = (dir: string) => [
  ...["find", dir, "-type", "f", "-exec", "touch", "-c", "-a", "-d", "@0", "{}", "+"],
];

/** Files of which something was read: ten years are later than that time. */
const READS = ["-ignore_readdir_race", "-type", "f", "-atime", "-3650", "-printf", "%P\\0"];

function watch(
  { ssh, guestDir, buildDir, kept, signal }: KeptOptions,
  { steps, recipe, files, isKept, isSame }: {
    readonly steps: readonly Step[];
    readonly recipe: string;
    readonly files: ReadonlyMap<BytePath, SentFile>;
    readonly isKept: boolean;
    readonly isSame: boolean;
  },
): KeptBuild {
  const reads = async () => (await findInGuest(ssh, guestDir, READS, signal)).split("\0");
  let configured: readonly BytePath[] = [];
  let built = isKept && typeof kept.built !== "string" ? kept.built : undefined;
  let before: ReadonlyMap<BytePath, string> | undefined;
  return {
    steps: isKept ? steps.filter(({ once }) => !once) : steps,
    async afterStep({ name, once }) {
      if (once) configured = await reads();
      if (name !== "build" || !steps.some(({ once }) => once)) return;
      const fixed = built === undefined
        ? await findFixed(configured, await reads())
        : isSame
        ? built.fixed
        : [...new Set([...built.fixed, ...await notCompiled(await reads())])];
      before = await statGuestTree(ssh, buildDir, [], signal);
      built = { recipe, at: latest(before.values()), fixed };
    },
    async finish(spoiled) {
      if (spoiled !== undefined || before === undefined || built === undefined) {
        return { files, built: spoiled ?? "the last build has failed" };
      }
      const after = await statGuestTree(ssh, buildDir, [], signal);
      const made = [...after.keys()].filter((path) => !before?.has(path));
      if (await xargsInGuest(ssh, buildDir, ["rm", "-rf"], made, signal) !== 0) {
        return { files, built: "what the last tests have made cannot be removed" };
      }
      const [changed] = [...before].find(([path, line]) => after.get(path) !== line) ?? [];
      if (changed === undefined) return { files, built };
      return { files, built: `the last tests have changed ${JSON.stringify(changed)}` };
    },
  };

  /**
   * What compilers alone have read, Ninja builds again when it has changed. Nobody builds again what
   * depends on something that configuring has read, or a linker, or a command of the project.
   */
  async function findFixed(configured: readonly BytePath[], read: readonly BytePath[]) {
    // The system does not note who reads what.
    if (configured.every((path) => path === "")) return [...files.keys()];
    const own = configured.filter((path) => path !== "");
    return [...new Set([...own, ...await notCompiled(read)])];
  }

  async function notCompiled(read: readonly BytePath[]) {
    const compiled = new Set(await compiledFiles());
    return read.filter((path) => path !== "" && !compiled.has(path));
  }

  async function compiledFiles(): Promise<BytePath[]> {
    const argv = ["sh", "-c", COMPILED, "sh", buildDir, guestDir, FINE];
    const { code, stdout } = await execText(ssh, argv, {
      ...{ maxChars: 64 * 2 ** 20, signal },
    });
    return code === 0 ? stdout.split("\n").map(fromText) : [];
  }
}

/**
 * Lines of CMake's build.ninja that stand for nothing but compilers and linkers: other commands of a
 * project read files of which Ninja need not know.
 */
const FINE = "^build .*: (phony|RERUN_CMAKE|CLEAN|HELP|CMAKE_SYMLINK_(EXECUTABLE|LIBRARY)|" +
  "(C|CXX)_(COMPILER|(EXECUTABLE|(SHARED|STATIC|MODULE)_LIBRARY)_LINKER)__[^ ]*)( |$)|" +
  // Nobody builds these unless he names them.
  "^build [^ ]*CMakeFiles/(edit_cache|rebuild_cache|test|install|install/local|install/strip|" +
  "list_install_components|package|package_source|(Nightly|Experimental|Continuous)" +
  "(Start|Update|Configure|Build|Test|Coverage|MemCheck|MemoryCheck|Submit)?)[.]util: |" +
  "^include CMakeFiles/rules[.]ninja$|^  (PRE_LINK|POST_BUILD) = :$";

/** Names the sources from which compilers have made something, if nothing else makes anything. */
const COMPILED = 'cd "$1" && [ -f build.ninja ] || exit 1\n' +
  "grep -E '^(build|include|subninja) |^  (PRE_LINK|POST_BUILD) = ' build.ninja |\n" +
  'grep -Evq "$3" && exit 1\n' +
  'ninja -t deps | awk -v dir="    $2/" \'index($0, dir) == 1 && !seen[$0]++ ' +
  "{ print substr($0, length(dir) + 1) }'";
