import { isFile, removeAll } from "../base/files/directories.ts";
import { createHash } from "node:crypto";
import { basename, join } from "@std/path";
import { HostError, WorkError } from "../base/errors.ts";
import type { Project } from "../project/project.ts";
import { placeIn, planSteps, type Step } from "../project/plan_steps.ts";
import { type HostKind, hostOs } from "../host/facts.ts";
import { acquireLock } from "../base/files/lock.ts";
import { locksDir, nativeBuildDir, socketDir } from "../base/files/paths.ts";
import { ensureSocketDir } from "../base/files/private_dir.ts";
import { $ } from "../base/process/dollar.ts";
import { endMarkedLater, MARK, newMark } from "../base/process/marked.ts";
import { run } from "../base/process/run.ts";
import { commandText } from "../base/text/command_text.ts";
import { copyArtifacts } from "./artifacts.ts";
import { startClock } from "../base/time/clock.ts";
import { startDeadline } from "./deadline.ts";
import { startLogs } from "../base/files/log_files.ts";
import { type BuildOptions, recordCut, recordError, stepError } from "./build_options.ts";
import { type BuildResult, newResult } from "../report/build_result.ts";
import { runSteps } from "./run_steps.ts";

/** The name of the host itself beside the platforms. */
export const NATIVE = "native";

/** Builds the project on the host, in our own directory: the project's own is not changed. */
export async function buildNative(options: BuildOptions): Promise<BuildResult> {
  const { project, progress } = options;
  const result = newResult(NATIVE);
  const total = startClock();
  await using log = await startLogs(NATIVE);
  result.log = log.build;
  result.accelerator = NATIVE;
  try {
    let dirs = dirsOf(project.dir);
    if (dirs.work !== dirs.home) dirs = dirsOf(project.dir, await ensureSocketDir());
    await using _lock = await acquireLock(nativeLock(dirs.home), {
      signal: options.signal,
      purpose: `build of ${project.name}`,
      onWait: () => progress.phase(NATIVE, "waiting"),
    });
    // Waiting for another build of the project does not count.
    using deadline = startDeadline({
      ...{ name: NATIVE, signal: options.signal, totalMs: project.timeouts.totalMs },
    });
    const { signal } = deadline;
    const begin = (phase: string) => {
      deadline.phase(phase);
      progress.phase(NATIVE, phase);
    };
    const steps = nativeSteps(project, dirs);
    refuseBackslash(dirs.home, steps);
    await removeAll(dirs.home);
    await Deno.mkdir(join(dirs.home, "build"), { recursive: true });
    await using stack = new AsyncDisposableStack();
    // It may not have been made.
    if (dirs.work !== dirs.home) stack.defer(() => removeAll(dirs.work));
    for (const link of linkCommands(project, dirs)) {
      await $`${link}`.signal(signal).what("link the project");
    }
    const mark = newMark();
    stack.use(endMarkedLater(mark));
    const env = { ...project.env, ...mark };
    const clock = startClock();
    const failed = await runSteps(steps, {
      exec: (command, stepOptions) => runStep(command, { ...stepOptions, env, signal }),
      haveFile: isFile,
    }, {
      log,
      stepMs: project.timeouts.stepMs,
      onStep: begin,
      onLines: (lines) => progress.lines(NATIVE, lines),
    });
    result.seconds.build = clock();
    result.exitCode = failed?.code ?? 0;
    result.status = failed === undefined ? "pass" : "fail";
    if (failed !== undefined) {
      result.error = stepError(
        NATIVE,
        failed,
        log.build,
        await futureTimes(project.dir, log.build, signal),
      );
    }
    if (failed === undefined && project.artifacts.length > 0) {
      begin("artifacts");
      const sourceDir = join(project.dir, project.source);
      result.artifacts = await copyArtifacts({
        name: NATIVE,
        globs: project.artifacts.map((place) => placeIn(place, sourceDir, dirs.build)),
        outDir: options.artifactsDir,
        roots: [dirs.build, sourceDir],
        onWarning: (text) => {
          log.write(`== ${text}\n`);
          progress.warning(text);
        },
        signal,
      });
    }
  } catch (error) {
    await recordError(result, error, log, options.signal);
  }
  recordCut(result, log, progress);
  result.seconds.total = total();
  return result;
}

/** CMake takes each backslash of the directory that it works in for a slash. */
function refuseBackslash(home: string, steps: readonly Step[]): void {
  if (!home.includes("\\") || !steps.some(({ command }) => command[0] === "cmake")) return;
  throw new HostError(
    `Cannot build in ${
      JSON.stringify(home)
    }: CMake works in no directory with a backslash in its path`,
    { next: "move the checkout, or set GUESTHOUSE_STATE to another directory" },
  );
}

/** Ninja and make fail with a file that is newer than all that is written, as the log was just now. */
async function futureTimes(dir: string, log: string, signal: AbortSignal) {
  const find = ["find", dir, "-name", ".git", "-prune", "-o", "-type", "f", "-newer", log];
  const { stdout } = await run(["sh", "-c", 'exec "$@"', "sh", ...find, "-print"], { signal });
  const [path = ""] = stdout.split("\n");
  if (path === "") return undefined;
  return {
    details: [`${JSON.stringify(path)} has a time in the future`],
    next: commandText(["find", dir, "-newermt", "now", "-exec", "touch", "{}", "+"]),
  };
}

/** The steps of a build on the host. */
function nativeSteps(project: Project, dirs: NativeDirs, os: HostKind["os"] = hostOs()): Step[] {
  return planSteps(project, {
    os,
    platformName: NATIVE,
    sourceDir: join(dirs.project, project.source),
    buildDir: dirs.build,
    jobs: project.cores ?? navigator.hardwareConcurrency,
    cmakeFlags: [],
  });
}

/** The commands of a build on the host, for `--dry-run`. */
export function nativeCommands(project: Project, os?: HostKind["os"]): (readonly string[])[] {
  const dirs = dirsOf(project.dir);
  const steps = nativeSteps(project, dirs, os);
  return [...linkCommands(project, dirs), ...steps.map(({ command }) => command)];
}

/** What has to come before {@link nativeSteps}. With ln: Deno.symlink() needs all permissions. */
function linkCommands({ dir }: Project, { home, work, project }: NativeDirs): string[][] {
  return [
    ...work === home ? [] : [["ln", "-sfn", home, work]],
    ...project === dir ? [] : [["ln", "-s", dir, project]],
  ];
}

/** The directory of a project's build on the host, which may not exist. */
export const nativeHome = (projectDir: string): string => dirsOf(projectDir).home;

/** The lock of a build in such a directory. */
export const nativeLock = (home: string): string => join(locksDir(), `native-${basename(home)}`);

/** Characters without a meaning in a Makefile, a shell or a CMake list. */
const HARMLESS_PATH = /^[\p{L}\p{N} ._/+@,=~%-]+$/u;

/**
 * A project's directories on the host, named after its path. CMake and its Makefiles break on some
 * paths (a newline, a quote, "#", ";", ":"). `work` is `home`, or a link to it if the checkout has
 * such a path; `project` is the project's own path, or a link to that.
 */
function dirsOf(projectDir: string, sockets = socketDir()) {
  const digestOf = (path: string) => createHash("sha256").update(path).digest("hex").slice(0, 12);
  const name = basename(projectDir).replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^[-.]+/, "_");
  const home = join(nativeBuildDir(), `${name.slice(0, 40)}-${digestOf(projectDir)}`);
  const work = HARMLESS_PATH.test(home) ? home : join(sockets, `native-${digestOf(home)}`);
  return {
    home,
    work,
    project: HARMLESS_PATH.test(projectDir) ? projectDir : join(work, "project"),
    build: join(work, "build"),
  };
}

type NativeDirs = ReturnType<typeof dirsOf>;

/**
 * A shell without job control starts what runs in the background, as the supervisor does, with
 * SIGINT and SIGQUIT ignored, and `trap` cannot undo that. Env(1) of coreutils 8.31 or newer can.
 */
const RUN = "if env --default-signal=INT,QUIT true 2>/dev/null; then " +
  `exec env --default-signal=INT,QUIT sh -c 'exec "$@"' sh "$@"; fi; exec "$@"`;

/**
 * Runs a step's command. It is the user's own, like the commands of make, and no permission set can
 * list it, so it is started through a shell that only executes it: its words are never parsed.
 */
async function runStep(
  command: readonly string[],
  options: Parameters<typeof run>[1] & { readonly cwd: string; readonly timeoutMs: number },
): Promise<{ readonly code: number }> {
  if (!await Deno.stat(options.cwd).then((info) => info.isDirectory, () => false)) {
    throw new WorkError(
      `Cannot run ${JSON.stringify(command[0])} on the host: there is no directory ${
        JSON.stringify(options.cwd)
      }`,
      { next: 'correct "cwd" of the step in guesthouse.json' },
    );
  }
  try {
    const user = { environment: "user", leaves: MARK, stdout: "tail" } as const;
    return await run(["sh", "-c", RUN, "sh", ...command], { ...options, ...user });
  } catch (error) {
    // The step's program is missing; the shell has named it in the step's output.
    if (error instanceof HostError) return { code: 127 };
    if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
    throw new WorkError(
      `Cannot finish ${JSON.stringify(command[0])} on the host: it still ran after ${
        (options.timeoutMs / 1000).toFixed(0)
      } s`,
      { next: 'set a longer "timeouts" in guesthouse.json', cause: error },
    );
  }
}
