import { createHash } from "node:crypto";
import { emptyDir } from "@std/fs";
import { basename, join } from "@std/path";
import type { Project } from "../config/project.ts";
import { placeIn, planSteps, type Step } from "../config/steps.ts";
import { acquireLock } from "../host/lock.ts";
import { locksDir, nativeBuildDir } from "../host/paths.ts";
import { run } from "../host/process.ts";
import { copyArtifacts } from "./artifacts.ts";
import { startClock } from "./clock.ts";
import { startLogs } from "./log_files.ts";
import { type BuildOptions, recordError, stepError } from "./options.ts";
import { type BuildResult, newResult } from "./result.ts";
import { runSteps } from "./steps.ts";

/** The name of the host itself beside the platforms. */
export const NATIVE = "native";

/** Builds the project on the host, in a folder of ours: the project's own stays as it is. */
export async function buildNative(options: BuildOptions): Promise<BuildResult> {
  const { project, signal, progress } = options;
  const result = newResult(NATIVE);
  const total = startClock();
  await using log = await startLogs(NATIVE);
  result.log = log.build;
  result.accelerator = NATIVE;
  try {
    const dirs = folders(project.dir);
    await using _lock = await acquireLock(join(locksDir(), `native-${basename(dirs.home)}`), {
      signal,
      onWait: () => progress.phase(NATIVE, "waiting"),
    });
    progress.phase(NATIVE, "build");
    await emptyDir(dirs.build);
    const sourceDir = join(project.dir, project.source);
    const steps = nativeSteps(project);
    const clock = startClock();
    const failed = await runSteps(steps, {
      exec: (command, { cwd, onOutput, timeoutMs }) =>
        run(command, { cwd, env: project.env, timeoutMs, signal, onOutput }),
      haveFile: (path) => Deno.stat(path).then((info) => info.isFile, () => false),
    }, {
      log,
      ...project.timeouts,
      onStep: (name) => progress.phase(NATIVE, name),
      onOutput: (text) => progress.output(NATIVE, text),
    });
    result.seconds.build = clock();
    result.exitCode = failed?.code ?? 0;
    result.status = failed === undefined ? "pass" : "fail";
    if (failed !== undefined) result.error = stepError(NATIVE, failed, log.build);
    if (failed === undefined && project.artifacts.length > 0) {
      result.artifacts = await copyArtifacts({
        name: NATIVE,
        globs: project.artifacts.map((place) => placeIn(place, sourceDir, dirs.build)),
        outDir: options.artifactsDir,
        roots: [dirs.build, sourceDir],
        signal,
      });
    }
  } catch (error) {
    signal.throwIfAborted();
    recordError(result, error, log);
  }
  result.seconds.total = total();
  return result;
}

/** The steps of a build on the host. */
export function nativeSteps(project: Project): Step[] {
  return planSteps(project, {
    os: Deno.build.os === "darwin" ? "darwin" : "linux",
    platformName: NATIVE,
    sourceDir: join(project.dir, project.source),
    buildDir: folders(project.dir).build,
    jobs: project.cores ?? navigator.hardwareConcurrency,
    cmakeFlags: [],
  });
}

/** A project's folders on the host, told apart by its path. */
function folders(projectDir: string): { home: string; build: string } {
  const digest = createHash("sha256").update(projectDir).digest("hex").slice(0, 12);
  const name = basename(projectDir).replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^[-.]+/, "_");
  const home = join(nativeBuildDir(), `${name.slice(0, 40)}-${digest}`);
  return { home, build: join(home, "build") };
}
