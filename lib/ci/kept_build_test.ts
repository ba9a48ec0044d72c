import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { haveProgram, sandbox } from "../base/host_testing.ts";
import { run } from "../base/process/run.ts";
import { loopback, withLoopback } from "../guest/rsync_testing.ts";
import { git, makeTree } from "../project/excludes_testing.ts";
import type { Step } from "../project/plan_steps.ts";
import { compareKept } from "./kept_build.ts";
import { type KeptTree, NOTHING_KEPT } from "./kept_tree.ts";
import { runSteps } from "./run_steps.ts";
import { syncProject } from "./sync_project.ts";

// Projects are built by the real Ninja in directories of this host, with small scripts for CMake and
// for a compiler, since the real ones take seconds.

/** A compiler: copies a file and what it includes, and says which files that were. */
const COMPILER = `#!/bin/sh
# cc DIR SOURCE OBJECT
include() {
  printf ' %s' "$1/$2" >>"$3.d"
  [ -e "$1/$2" ] || return 1
  while IFS= read -r line; do
    case $line in
      '#include '*)
        name=\${line#'#include '}
        if [ -e "$1/first/$name" ]; then include "$1" "first/$name" "$3" || return 1
        else include "$1" "$name" "$3" || return 1; fi ;;
      # As .incbin of an assembler does: no list of dependencies has it.
      '#bytes '*) cat "$1/\${line#'#bytes '}" ;;
      *) printf '%s\\n' "$line" ;;
    esac
  done <"$1/$2"
}
printf '%s:' "$3" >"$3.d"
include "$1" "$2" "$3" >"$3"
`;

/**
 * Writes a build.ninja as CMake does: all sources that there are, and a text that it has read; on
 * request also a command that reads files of which Ninja is not told.
 */
const CONFIGURE = `#!/bin/sh
# configure SOURCE BUILD COMPILER
[ -e "$1/CMakeLists.txt" ] || { echo "no CMakeLists.txt"; exit 1; }
# As CMake, it keeps what it was first told.
[ -e "$2/cache" ] || cat "$1/CMakeLists.txt" >"$2/cache"
case $(cat "$2/cache") in *broken*) exit 1;; esac
mkdir -p "$2/CMakeFiles"
version=$(cat "$1/VERSION" 2>/dev/null)
cat >"$2/CMakeFiles/rules.ninja" <<END
rule C_COMPILER__app_
  command = "$3" "$1" \\$NAME \\$out
  depfile = \\$out.d
  deps = gcc
rule C_EXECUTABLE_LINKER__app_
  command = cat \\$in >\\$out; echo "\\$VERSION" >>\\$out; cat "$1/link.map" >>\\$out
rule CUSTOM_COMMAND
  command = \\$COMMAND
END
{
  echo "ninja_required_version = 1.5"
  echo "include CMakeFiles/rules.ninja"
  echo "VERSION = $version"
  objects=
  for source in "$1"/*.c; do
    name=\${source##*/}
    escaped=$(printf %s "$source" | sed 's/ /$ /g')
    echo "build $name.o: C_COMPILER__app_ $escaped"
    echo "  NAME = $name"
    objects="$objects $name.o"
  done
  case $(cat "$2/cache") in *generate*)
    echo "build generated: CUSTOM_COMMAND"
    echo "  COMMAND = cat \\"$1/one.c\\" \\"$1/data.txt\\" >generated"
    objects="$objects generated";;
  esac
  echo "build app: C_EXECUTABLE_LINKER__app_$objects"
  echo "  PRE_LINK = :"
  echo "  POST_BUILD = :"
  echo "build CMakeFiles/edit_cache.util: CUSTOM_COMMAND"
  echo "  COMMAND = true"
} >"$2/build.ninja"
`;

/** A test that leaves something behind, and does not like to find it again. */
const TEST = `
cat data.txt inputs/* >/dev/null 2>&1
case $(cat data.txt) in
  *fails*) exit 1;;
  *leaves*) mkdir "$0/left" || exit 1;;
  *locks*) mkdir -p "$0/locked" && touch "$0/locked/x" && chmod 500 "$0/locked";;
  *spoils*) ! grep -q spoilt "$0/app" || exit 1; echo spoilt >>"$0/app";;
  *litters*) ! [ -e ../litter ] && ! [ -e litter ] || exit 1; touch ../litter litter;;
esac
`;

const FILES = {
  "CMakeLists.txt": "plain\n",
  "VERSION": "1\n",
  "link.map": "map\n",
  "one.c": "#include a.h\none\n",
  "two.c": "#include b.h\n#include a.h\ntwo\n",
  "a.h": "a\n",
  "b.h": "b\n",
  "data.txt": "data\n",
  "inputs/x": "x\n",
  "sub/deep/y": "y\n",
};

/** A project, builds of it in directories that are kept, and builds from nothing. */
interface Bench {
  readonly project: string;
  /** As `--incremental` does. */
  incremental(): Promise<{ outcome: string; log: string }>;
  fromNothing(): Promise<string>;
}

async function withBench(
  files: Record<string, string>,
  use: (bench: Bench) => Promise<void>,
  stepsIn?: (source: string) => Step[],
) {
  await using tree = await makeTree(files);
  await withLoopback(async (env, dir) => {
    await using _env = await sandbox({ ...env, GIT_CONFIG_GLOBAL: "/dev/null" });
    const [cc, cmake] = [join(dir, "bin/own-cc"), join(dir, "bin/own-cmake")];
    await Deno.writeTextFile(cc, COMPILER, { mode: 0o755 });
    await Deno.writeTextFile(cmake, CONFIGURE, { mode: 0o755 });
    const runDir = join(dir, "run");
    await Deno.mkdir(runDir);
    let log = "";
    const common = {
      ...{ runDir, ssh: loopback(), project: { dir: tree.dir, excludes: [] } },
      log: { write: (text: string) => void (log += text) },
      onWarning: (text: string) => void (log += text),
      signal: new AbortController().signal,
    };
    const place = async (name: string) => {
      const home = join(dir, name);
      const [source, build] = [join(home, "source"), join(home, "build")];
      for (const made of [source, build]) await Deno.mkdir(made, { recursive: true });
      const plan = stepsIn?.(source) ?? [
        { name: "configure", command: [cmake, source, build, cc], cwd: source, once: true },
        { name: "build", command: ["ninja", "-C", build, "app"], cwd: source },
        { name: "test", command: ["sh", "-c", TEST, build], cwd: source },
      ];
      return { home, source, build, plan };
    };
    type Place = Awaited<ReturnType<typeof place>>;
    const runAll = async (plan: readonly Step[], afterStep?: (step: Step) => Promise<void>) =>
      (await runSteps(plan, {
        exec: (command, { cwd, onOutput }) =>
          run(command, { cwd, env }).then((result) => {
            onOutput(result.stdout + result.stderr);
            return result;
          }),
        haveFile: () => Promise.resolve(true),
      }, {
        log: { write: () => {}, output: (text: string) => void (log += text) } as never,
        ...{ stepMs: 1e5, onStep: () => {}, onLines: () => {}, afterStep },
      }))?.name;
    /** The verdict, the product, and all that there is. */
    const outcome = async ({ source, build }: Place, failed: string | undefined) => {
      const app = await Deno.readTextFile(join(build, "app")).catch(() => "none");
      const products = failed === undefined ? await namesIn(build, "! -name .ninja_*") : "";
      const sent = await namesIn(source, "! -name litter");
      return [`failed: ${failed}`, app, products, sent, await textsIn(source)].join("\n--\n");
    };
    const kept = await place("kept");
    let known: KeptTree = NOTHING_KEPT;
    await use({
      project: tree.dir,
      async incremental() {
        log = "";
        const compared = await compareKept({
          ...{ ...common, guestDir: kept.source, buildDir: kept.build, kept: known },
          noteReads: ["true"],
        });
        const build = await compared.start(kept.plan, "recipe");
        const failed = await runAll(build.steps, build.afterStep);
        const result = await outcome(kept, failed);
        known = await build.finish(undefined);
        return { outcome: result, log };
      },
      async fromNothing() {
        const made = await place("nothing");
        await syncProject({ ...common, guestDir: made.source });
        const result = await outcome(made, await runAll(made.plan));
        await run(["chmod", "-R", "u+rwx", made.home]);
        await Deno.remove(made.home, { recursive: true });
        return result;
      },
    });
    await run(["chmod", "-R", "u+rwx", dir, tree.dir]);
  });
}

async function namesIn(dir: string, tests: string): Promise<string> {
  const args = [...tests.split(" "), "-printf", "%P %y %m %l\n"];
  return (await run(["find", dir, "-mindepth", "1", ...args])).stdout.split("\n").sort().join("\n");
}

const textsIn = async (dir: string): Promise<string> =>
  (await run(["sh", "-c", 'find . -type f ! -name litter -exec grep -aH "" {} + | sort'], {
    cwd: dir,
  })).stdout;

const ignore = ["ninja", "rsync", "git"].some((program) => !haveProgram(program));

/** Makes the project what it was at first. */
async function writeAgain(dir: string) {
  for await (const { name } of Deno.readDir(dir)) {
    if (name !== ".git") await Deno.remove(join(dir, name), { recursive: true });
  }
  for (const [path, text] of Object.entries(FILES)) {
    await Deno.mkdir(dirname(join(dir, path)), { recursive: true });
    await Deno.writeTextFile(join(dir, path), text);
  }
}

/** Numbers that look random and are the same each time. */
function randomNumbers(seed: number) {
  return (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
}

const NAMES = [
  ...[...Object.keys(FILES), "three.c", "first/a.h", "c.h", "inputs/z", ".gitignore", "sub/new"],
  ...["odd name", "sub/deep", "inputs"],
];
const TEXTS = [
  ...["generate\n", "plain\n", "broken\n", "fails\n", "leaves\n", "spoils\n", "litters\n"],
  ...["locks\n", "*.h\n", "sub/\n", "data.txt\n", "#include a.h\nx\n", "#include c.h\ny\n", "z\n"],
];

/** Changes a tree in some way, and says how. */
async function edit(dir: string, random: (below: number) => number, isRepository: boolean) {
  const pick = <T>(values: readonly T[]) => values[random(values.length)]!;
  const name = pick(NAMES);
  const path = join(dir, name);
  const info = await Deno.lstat(path).catch(() => undefined);
  const write = async (text: string) => {
    if (info?.isDirectory || info?.isSymlink) await Deno.remove(path, { recursive: true });
    const above = dirname(path);
    if (!(await Deno.lstat(above).catch(() => undefined))?.isDirectory) {
      await Deno.remove(above).catch(() => {});
      await Deno.mkdir(above, { recursive: true });
    }
    await Deno.writeTextFile(path, text);
  };
  const kind = random(14);
  if (kind > 11) {
    await writeAgain(dir);
    return "as at first";
  }
  if (kind <= 1) {
    const text = pick(TEXTS);
    await write(text);
    return `${name} := ${JSON.stringify(text)}`;
  }
  if (kind === 2) {
    await write(FILES[name as keyof typeof FILES] ?? "more\n");
    return `${name} as at first`;
  }
  if (info === undefined) return `${name}: nothing`;
  if (kind <= 4 && info.isFile) {
    // Of the same length and with the same time.
    const bytes = await Deno.readFile(path);
    const at = Math.max(0, bytes.length - 2);
    if (bytes[at] !== undefined && bytes[at] !== 10) bytes[at] = 97 + random(26);
    await Deno.writeFile(path, bytes);
    if (info.mtime !== null) await Deno.utime(path, info.mtime, info.mtime);
    return `${name}: other content, same time`;
  }
  if (kind === 5 && info.isFile) {
    await Deno.writeTextFile(path, pick(TEXTS));
    const seconds = pick([1, 1e9, Date.now() / 1000 + 1e6]);
    await Deno.utime(path, seconds, seconds);
    return `${name}: other content, at ${seconds}`;
  }
  if (kind === 6 && info.isFile) {
    await Deno.chmod(path, pick([0o600, 0o644, 0o755]));
    return `${name}: mode`;
  }
  if (kind === 7) {
    const other = pick(NAMES);
    const target = join(dir, other);
    if (`${target}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${target}/`)) {
      return "nothing";
    }
    const isFree = await Deno.lstat(dirname(target)).then((is) => is.isDirectory, () => false);
    if (!isFree) return "nothing";
    await Deno.remove(target, { recursive: true }).catch(() => {});
    await Deno.rename(path, target);
    return `${name} renamed to ${other}`;
  }
  if (kind === 8 && !info.isDirectory) {
    await Deno.remove(path);
    const target = pick(["b.h", "none", "inputs", "data.txt"].filter((target) => target !== name));
    await Deno.symlink(target, path);
    return `${name} -> ${target}`;
  }
  if (kind === 9) {
    await Deno.remove(path, { recursive: true });
    return `${name} removed`;
  }
  if (kind === 10 && isRepository) {
    await git(dir, "rm", "-r", "-q", "--cached", "--ignore-unmatch", "--", name);
    return `${name} no longer tracked`;
  }
  if (kind === 11 && isRepository) {
    await git(dir, "add", "--force", "--", name);
    return `${name} tracked`;
  }
  return `${name}: nothing`;
}

/** A change of a project, and whether its build tree is kept or why it is not. */
const CASES: [what: string, script: string, verdict: string][] = [
  ["nothing", ":", "kept"],
  ["a source", "echo more >>one.c", "kept"],
  ["a header", "echo more >>a.h", "kept"],
  ["as many bytes at the same time", "touch -r b.h ../t; echo c >b.h; touch -r ../t b.h", "kept"],
  ["older content", "echo old >b.h; touch -d '2 days ago' b.h", "kept"],
  ["content from the future", "echo late >b.h; touch -d 2099-01-01 b.h", "kept"],
  ["what only tests read", "echo more >>data.txt", "kept"],
  ["a time", "touch -d '2 days ago' one.c", "kept"],
  ["what configuring reads", "echo 2 >VERSION", 'more than a compiler reads "VERSION"'],
  ["how it is configured", "echo generate >CMakeLists.txt", 'reads "CMakeLists.txt"'],
  ["what a linker reads", "echo 2 >link.map", 'more than a compiler reads "link.map"'],
  ["a new source", "echo three >three.c", '"three.c" has come, gone'],
  ["a header that is found first", "mkdir first; echo 1 >first/a.h", '"first/" has come'],
  ["a file that is gone", "rm inputs/x", '"inputs/x" has come, gone'],
  ["another name", "mv two.c four.c", '"four.c" has come'],
  ["a mode", "chmod 700 data.txt", '"data.txt" has come, gone, or changed its kind or mode'],
  ["a link", "ln -sf a.h b.h", '"b.h" has come'],
  ["a directory for a file", "rm data.txt; mkdir data.txt", '"data.txt/" has come'],
  ["a file for a directory", "rm -r inputs; echo >inputs", '"inputs" has come'],
  ["what is ignored", "echo VERSION >.gitignore", '".gitignore" has come'],
];
Deno.test({
  name: "--incremental keeps the build tree after a change where it can, and says why it cannot",
  ignore,
  async fn() {
    await withBench(FILES, async ({ project, incremental, fromNothing }) => {
      assertStringIncludes((await incremental()).log, "from nothing: there is no build tree yet");
      for (const [what, script, verdict] of CASES) {
        const { code } = await run(["sh", "-ec", script], { cwd: project });
        assertEquals(code, 0, what);
        const { outcome, log } = await incremental();
        assertStringIncludes(log, verdict, what);
        assertEquals(outcome, await fromNothing(), `${what}\n${log}`);
        await writeAgain(project);
        await incremental();
      }
    });
  },
});

Deno.test({
  name: "--incremental knows what a source reads only since it was changed",
  ignore,
  async fn() {
    await withBench(FILES, async ({ project, incremental, fromNothing }) => {
      const write = (name: string, text: string) => Deno.writeTextFile(join(project, name), text);
      await incremental();
      for (
        const [name, text, verdict] of [
          ["one.c", "#bytes sub/deep/y\n", "build tree: kept"],
          ["data.txt", "of tests\n", "build tree: kept"],
          ["data.txt", "of them again\n", "build tree: kept"],
          ["sub/deep/y", "other\n", 'more than a compiler reads "sub/deep/y"'],
        ] as const
      ) {
        await write(name, text);
        const { outcome, log } = await incremental();
        assertStringIncludes(log, verdict, name);
        assertEquals(outcome, await fromNothing(), name);
      }
    });
  },
});

/** What tests leave, and what the next build says of it. */
const TRACES: [text: string, verdict: string][] = [
  ["leaves", "kept"],
  // Root can remove it.
  ["locks", "build tree: "],
  ["spoils", 'from nothing: the last tests have changed "app"'],
  ["litters", 'from nothing: the last build has changed "litter"'],
];

Deno.test({
  name: "--incremental is not misled by what tests leave in the directories of a build",
  ignore,
  async fn() {
    for (const [text, verdict] of TRACES) {
      await withBench({ ...FILES, "data.txt": text }, async ({ incremental, fromNothing }) => {
        await incremental();
        const { outcome, log } = await incremental();
        assertStringIncludes(log, verdict, text);
        assertEquals(outcome, await fromNothing(), text);
      });
    }
  },
});

Deno.test({
  name:
    "--incremental starts from nothing for steps of the project's own, and after a failed build",
  ignore,
  async fn() {
    const files = { "x": "", "Makefile": "all:\n\tmkdir made\n" };
    const steps = (source: string) => [{ name: "make", command: ["make"], cwd: source }];
    await withBench(files, async ({ incremental, fromNothing }) => {
      await incremental();
      const { outcome, log } = await incremental();
      assertStringIncludes(log, "from nothing: its steps are the project's own");
      assertEquals(outcome, await fromNothing());
    }, steps);
    await withBench({ ...FILES, "one.c": "#include no.h\n" }, async ({ project, incremental }) => {
      assertStringIncludes((await incremental()).outcome, "failed: build");
      await writeAgain(project);
      const { outcome, log } = await incremental();
      assertStringIncludes(log, "from nothing: the last build has failed");
      assertStringIncludes(outcome, "failed: undefined");
    });
  },
});

for (
  const [where, isRepository, edits] of [["without git", false, 130], [
    "with git",
    true,
    70,
  ]] as const
) {
  Deno.test({
    name: `--incremental builds what a build from nothing does, after ${edits} edits ${where}`,
    ignore,
    async fn() {
      await withBench(FILES, async ({ project, incremental, fromNothing }) => {
        if (isRepository) {
          await git(project, "init", "-q");
          await git(project, "add", ".");
        }
        const random = randomNumbers(edits);
        const done: string[] = [];
        while (done.length < edits) {
          // What was broken before hides what an edit does.
          if (random(2) === 0) {
            await writeAgain(project);
            await incremental();
          }
          for (let count = [1, 1, 2, 4][random(4)]!; count > 0; count--) {
            done.push(await edit(project, random, isRepository));
          }
          const { outcome, log } = await incremental();
          assertEquals(outcome, await fromNothing(), `${done.slice(-9).join("\n")}\n${log}`);
        }
      });
    },
  });
}
