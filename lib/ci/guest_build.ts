import { join } from "@std/path";
import { systemOf } from "../image/platform/systems.ts";
import type { NetworkRule } from "../config/network.ts";
import type { Platform } from "../config/platform.ts";
import { placeIn, planSteps } from "../project/plan_steps.ts";
import { newMark } from "../base/process/marked.ts";
import { endMarked } from "../guest/end_marked.ts";
import { execText } from "../guest/exec_text.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { firstRsyncWarning } from "../host/tools/rsync_risk.ts";
import { useImage } from "../image/platform/platform_image.ts";
import { pullArtifacts } from "./artifacts.ts";
import { openCacheDisk } from "./cache_disk.ts";
import { startClock } from "../base/time/clock.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import { type LogFiles, startLogs } from "../base/files/log_files.ts";
import type { Size } from "../vm/machine.ts";
import { type OpenGuest, openGuest, type OpenGuestOptions } from "../vm/open_guest.ts";
import { type BuildOptions, recordCut, recordError, stepError } from "./build_options.ts";
import { type BuildResult, newResult } from "../report/build_result.ts";
import { runSteps } from "./run_steps.ts";
import { compareKept } from "./kept_build.ts";
import type { KeptTree } from "./kept_tree.ts";
import { syncProject } from "./sync_project.ts";

/** What {@link buildInGuest} takes. */
interface GuestBuildOptions extends BuildOptions {
  readonly platform: Platform;
  readonly size: Size;
  readonly accelerator: AcceleratorChoice;
  readonly network: NetworkRule;
  /** Port on 127.0.0.1; 0 for a free one. */
  readonly sshPort: number;
  /** More parameters for the kernel's command line. */
  readonly append?: readonly string[] | undefined;
  /** Boot, even if there is a snapshot to start from. */
  readonly cold?: boolean;
  /** Keep the build tree on a disk that outlives the guest. */
  readonly incremental?: boolean;
  /** Leave the guest running afterwards; called with it before it is released. */
  readonly onKeep?: (guest: OpenGuest) => Promise<void>;
  /** Called with the guest when a step has failed, before it is shut down. */
  readonly onFailure?: (guest: OpenGuest) => Promise<void>;
}

/** Where a project is built in a guest. */
export function guestDirs(
  platform: Platform,
): { home: string; source: string; build: string } {
  const home = `${systemOf(platform).commands.home(platform.ssh.user)}/guesthouse`;
  return { home, source: `${home}/source`, build: `${home}/build` };
}

/**
 * Builds the project in a new guest: start, sync, steps, artifacts, shutdown. All failures are in
 * the result, including interruptions; only bugs are thrown.
 */
export async function buildInGuest(options: GuestBuildOptions): Promise<BuildResult> {
  const { platform, project, progress } = options;
  const result = newResult(platform.name);
  const total = startClock();
  await using logs = await startLogs(platform.name);
  result.log = logs.build;
  try {
    await using image = await useImage(platform);
    await using cache = options.incremental === true
      ? await openCacheDisk({
        ...{ platform, project, image, signal: options.signal },
        guestDir: guestDirs(platform).home,
        onNote: (text) => logs.write(`== ${text}\n`),
      })
      : undefined;
    // Waiting for another build that has the cache does not count.
    using deadline = startDeadline({
      ...{ name: platform.name, signal: options.signal, totalMs: project.timeouts.totalMs },
    });
    const begin = (phase: string) => {
      deadline.phase(phase);
      progress.phase(platform.name, phase);
    };
    begin("boot");
    await using guest = await openGuest({
      ...options.size,
      ...{ platform, image, logs, signal: deadline.signal },
      accelerator: options.accelerator,
      network: options.network,
      sshPort: options.sshPort,
      append: options.append,
      cold: options.cold === true,
      ...(cache === undefined ? {} : { cacheDisk: cache.path }),
      bootMs: project.timeouts.bootMs ?? platform.timeouts.bootMs,
      onAccelerator: (name, reason) => {
        result.accelerator = name;
        logs.write(`== accelerator: ${name} (${reason})\n`);
      },
      onNote: noteTo(logs, progress, () => result.boots = 2),
    });
    result.start = guest.start;
    result.seconds.boot = guest.bootSeconds;
    logs.write(`== boot: answered after ${guest.bootSeconds} s\n`);
    const signal = AbortSignal.any([deadline.signal, guest.failed]);
    const env = { ...await cache?.attach(guest, signal), ...project.env };
    const build = { ...options, signal, deadline, begin, env };
    const kept = await buildIn(guest, result, build, logs, cache?.kept);
    deadline.phase("detach the build cache");
    if (kept !== undefined) await cache?.detach(guest, kept, signal);
    deadline[Symbol.dispose]();
    if (options.onKeep !== undefined) {
      await options.onKeep(guest);
    } else {
      progress.phase(platform.name, "shutdown");
      await guest.shutdown();
    }
  } catch (error) {
    await recordError(result, error, logs, options.signal);
  } finally {
    result.seconds.total = total();
  }
  recordCut(result, logs, progress);
  return result;
}

/** Notes about a start go to the log, and warnings to the user as well. */
function noteTo(
  logs: LogFiles,
  progress: BuildOptions["progress"],
  onAgain = () => {},
): OpenGuestOptions["onNote"] {
  return (text, level) => {
    logs.write(`== ${text}\n`);
    if (level === "again") onAgain();
    if (level !== "info") progress.warning(text);
  };
}

/** Builds, and returns what is known of a cache's directories afterwards. */
async function buildIn(
  guest: OpenGuest,
  result: BuildResult,
  options: GuestBuildOptions & {
    readonly deadline: Deadline;
    /** Reports that a phase has begun. */
    readonly begin: (phase: string) => void;
    readonly env: Readonly<Record<string, string>>;
  },
  logs: LogFiles,
  kept: KeptTree | undefined,
): Promise<KeptTree | undefined> {
  const { platform, project, progress, signal, begin, env } = options;
  const { name } = platform;
  const dirs = guestDirs(platform);
  const sourceDir = join(dirs.source, project.source);
  begin("sync");
  const warning = await firstRsyncWarning(signal);
  if (warning !== undefined) noteTo(logs, progress)?.(warning, "warning");
  const syncClock = startClock();
  const sync = {
    ...{ project, signal, log: logs },
    ssh: guest.ssh,
    runDir: guest.place.dir,
    guestDir: dirs.source,
    onWarning: (text: string) => {
      logs.write(`== ${text}\n`);
      progress.warning(text);
    },
  };
  // During the sync, since a round trip takes tenths of a second under emulation.
  const counting = project.cores ?? countCpus(guest.ssh, platform, signal);
  // A first step may run in the build directory, as on the host. rsync makes that of the sources,
  // and fails if somebody else does so meanwhile.
  const made = [dirs.build, ...(kept === undefined ? [] : [dirs.source])];
  const making = execText(guest.ssh, ["mkdir", "-p", ...made], { signal });
  const { asRoot } = systemOf(platform).commands;
  const comparing = kept === undefined ? syncProject(sync) : making.then(() =>
    compareKept({
      ...{ ...sync, kept, buildDir: dirs.build },
      noteReads: asRoot(["mount", "-o", "remount,strictatime", dirs.home]),
    })
  );
  const [jobs, compared] = await Promise.all([counting, comparing, making]);

  const planned = planSteps(project, {
    os: platform.os,
    platformName: name,
    sourceDir,
    buildDir: dirs.build,
    jobs,
    cmakeFlags: platform.cmakeFlags,
    generator: platform.cmakeGenerator,
  });
  const { size, network, append } = options;
  const { given } = guest.network;
  const recipe = JSON.stringify([planned, env, given, size, network, append, guest.accelerator]);
  const build = await compared?.start(planned, recipe);
  result.seconds.sync = syncClock();
  const steps = build?.steps ?? planned;
  if (steps.length < planned.length) {
    logs.write("== configure: left out, since nothing that it reads has changed\n");
  }
  const clock = startClock();
  const mark = newMark();
  const stepEnv = { ...guest.network.env, ...env, ...mark };
  const failed = await runSteps(steps, {
    exec: (command, how) => guest.ssh.exec(command, { ...how, env: stepEnv, signal, leaves: true }),
    haveFile: async (path) => (await guest.ssh.exec(["test", "-f", path], { signal })).code === 0,
  }, {
    log: logs,
    stepMs: project.timeouts.stepMs,
    onStep: begin,
    afterStep: build?.afterStep,
    onLines: (lines) => progress.lines(name, lines),
  });
  result.seconds.build = clock();
  result.exitCode = failed?.code ?? 0;
  result.status = failed === undefined ? "pass" : "fail";
  if (failed !== undefined) {
    result.error = stepError(name, failed, logs.build, guest.network.explain(failed.tail));
    // A user in a shell has no time limit.
    if (options.onFailure !== undefined) options.deadline[Symbol.dispose]();
    await options.onFailure?.(guest);
  } else if (project.artifacts.length > 0) {
    begin("artifacts");
    result.artifacts = await pullArtifacts(guest.ssh, {
      name,
      globs: project.artifacts.map((place) => placeIn(place, sourceDir, dirs.build)),
      outDir: options.artifactsDir,
      roots: [dirs.build, sourceDir],
      onWarning: (text) => noteTo(logs, progress)?.(text, "warning"),
      signal,
    });
  }
  // What the steps have left would write on, and hold the cache's disk; any other guest ends.
  if (build !== undefined || options.onKeep !== undefined) {
    await endMarked(guest.ssh, mark, systemOf(platform).commands);
  }
  const opened = failed !== undefined && options.onFailure !== undefined;
  return await build?.finish(
    opened
      ? "a shell was open in the last guest"
      : guest.network.wasUsed()
      ? "the last build may have had something from the network"
      : undefined,
  );
}

async function countCpus(
  ssh: SshConnection,
  platform: Platform,
  signal: AbortSignal,
): Promise<number> {
  const { stdout } = await execText(ssh, platform.nprocCommand, { signal });
  return Math.max(1, Number.parseInt(stdout) || 1);
}
