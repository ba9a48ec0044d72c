import { dirname, join } from "@std/path";
import { haveProgram, sandbox } from "../base/host_testing.ts";
import { run } from "../base/process/run.ts";
import { loopback, withLoopback } from "../guest/rsync_testing.ts";
import { makeTree } from "../project/excludes_testing.ts";
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

/** A project for them. */
export const FILES = {
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
export interface Bench {
  readonly project: string;
  /** As `--incremental` does. */
  incremental(): Promise<{ outcome: string; log: string }>;
  fromNothing(): Promise<string>;
}

/** Gives a test a bench for a project with these files, of the steps of CMake if there are no others. */
export async function withBench(
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

/** Whether this host lacks what they need. */
export const ignore = ["ninja", "rsync", "git"].some((program) => !haveProgram(program));

/** Makes the project what it was at first. */
export async function writeAgain(dir: string) {
  for await (const { name } of Deno.readDir(dir)) {
    if (name !== ".git") await Deno.remove(join(dir, name), { recursive: true });
  }
  for (const [path, text] of Object.entries(FILES)) {
    await Deno.mkdir(dirname(join(dir, path)), { recursive: true });
    await Deno.writeTextFile(join(dir, path), text);
  }
}
