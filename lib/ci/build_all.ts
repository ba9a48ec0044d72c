import type { TaskContext } from "../cli/context.ts";
import { describeFailure } from "../cli/failure.ts";
import { LiveTable } from "../base/terminal/live_table.ts";
import type { NetworkRule } from "../config/network.ts";
import type { Platform } from "../config/platform.ts";
import type { Project } from "../project/project.ts";
import { commandText } from "../base/text/command_text.ts";
import { hostFacts } from "../host/facts.ts";
import { MEMORY_SHARE } from "../host/guest_memory.ts";
import type { GuestValues } from "../image/parts/common_options.ts";
import { dryRunGuest } from "./build_dry_run.ts";
import { buildInGuest } from "./guest_build.ts";
import { kernelWords } from "../project/guest_rules.ts";
import { guestSize, sshPort } from "../vm/build_machine.ts";
import { buildNative, NATIVE, nativeCommands } from "./native.ts";
import { recordPhases, type Span } from "../report/phase_recorder.ts";
import { tableProgress } from "../report/progress.ts";
import { type BuildResult, newResult } from "../report/build_result.ts";
import { type Job, runWithin } from "./schedule.ts";
import { notSetUp, tableOptions } from "../setup/set_up.ts";

interface BuildAllRequest {
  readonly project: Project;
  readonly platforms: readonly Platform[];
  readonly native: boolean;
  readonly network: NetworkRule;
  /** Artifacts go to a directory of each platform's name below this one. */
  readonly artifactsDir: string;
  readonly opt: GuestValues & {
    readonly incremental: boolean;
    /** Builds at a time. Default: the host's cores. */
    readonly jobs: number | undefined;
  };
}

/** The memory that a build on the host counts as. */
const NATIVE_MEMORY_MIB = 1024;

interface AllBuilt {
  /** In the order of the request. */
  readonly results: BuildResult[];
  /** The phases of a platform's build, in seconds since the start of all builds. */
  readonly spans: (name: string) => readonly Span[];
}

/** Builds everywhere in parallel, within the host's resources. */
export async function buildEverywhere(
  ctx: TaskContext,
  request: BuildAllRequest,
  skipped: readonly Platform[],
): Promise<AllBuilt> {
  const { project, platforms, opt } = request;
  const host = await hostFacts();
  const names = [...request.native ? [NATIVE] : [], ...platforms.map(({ name }) => name)];
  // After the table, which a line in between would break.
  const warnings: string[] = [];
  using _warnings = { [Symbol.dispose]: () => warnings.forEach((text) => ctx.log.warn(text)) };
  using table = new LiveTable(names, tableOptions(ctx));
  const recorder = recordPhases(tableProgress(table, (text) => warnings.push(text)));
  const options = {
    project,
    artifactsDir: request.artifactsDir,
    signal: ctx.signal,
    progress: recorder.progress,
  };
  const jobs: Job<BuildResult>[] = [];
  if (request.native) {
    jobs.push({ name: NATIVE, memoryMiB: NATIVE_MEMORY_MIB, run: () => buildNative(options) });
  }
  for (const platform of platforms) {
    if (skipped.includes(platform)) {
      jobs.push({ name: platform.name, memoryMiB: 0, run: () => Promise.resolve(skip(platform)) });
      continue;
    }
    const size = guestSize(platform, project, opt);
    jobs.push({
      name: platform.name,
      memoryMiB: size.memoryMiB,
      run: () =>
        buildInGuest({
          ...options,
          ...{ platform, size },
          network: request.network,
          accelerator: opt.accel,
          sshPort: sshPort(platform, undefined),
          append: kernelWords(opt.append),
          cold: opt.cold,
          incremental: opt.incremental,
        }),
    });
  }
  const tracked = jobs.map((job) => ({
    ...job,
    run: async () => {
      const result = await job.run();
      recorder.finish(job.name);
      table.finish(job.name, result.status, result.error?.message ?? "");
      return result;
    },
  }));
  const results = await runWithin(tracked, {
    memoryMiB: host.memoryMiB * MEMORY_SHARE,
    jobs: opt.jobs ?? Math.max(1, host.cores),
    signal: ctx.signal,
    lost({ name }, why) {
      const result = lostResult(ctx, name, why);
      recorder.finish(name);
      table.finish(name, result.status, result.error?.message ?? "");
      return result;
    },
  });
  return { results, spans: recorder.spans };
}

/** Prints the commands of every build. */
export async function dryRunAll(ctx: TaskContext, request: BuildAllRequest): Promise<number> {
  const { project, opt } = request;
  if (request.native) {
    for (const command of nativeCommands(project)) ctx.print(commandText(command));
  }
  for (const platform of request.platforms) {
    await dryRunGuest(ctx, {
      ...{ platform, project, network: request.network },
      size: guestSize(platform, project, opt),
      accelerator: opt.accel,
      sshPort: sshPort(platform, undefined),
      append: kernelWords(opt.append),
    });
  }
  return 0;
}

/** The row of a build that was interrupted before it began, or ended by a bug. */
function lostResult(ctx: TaskContext, name: string, why: unknown): BuildResult {
  if (ctx.signal.aborted) return { ...newResult(name), status: "interrupted" };
  const { message, details, next, exit, stack } = describeFailure(why, `build-all" on "${name}`);
  if (stack !== undefined) ctx.log.debug(stack);
  return { ...newResult(name), exit, error: { message, details, ...next && { next } } };
}

function skip(platform: Platform): BuildResult {
  const { message, details, next } = notSetUp(platform);
  const error = { message: `not set up; ${next}`, details: [message, ...details], next };
  return { ...newResult(platform.name), status: "skip", error };
}
