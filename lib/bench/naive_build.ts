import { join } from "@std/path";
import { startClock } from "../base/time/clock.ts";
import { guestDirs } from "../ci/guest_build.ts";
import { startLogs } from "../base/files/log_files.ts";
import type { Size } from "../vm/build_machine.ts";
import { findGuestHost, type LaunchedGuest, launchGuest } from "../vm/launch_guest.ts";
import { GuestError } from "../base/errors.ts";
import type { Platform } from "../config/platform.ts";
import type { Project } from "../project/project.ts";
import { planSteps } from "../project/plan_steps.ts";
import { diagnoseCommand } from "../base/process/diagnose_command.ts";
import { quoteWord, shellQuote } from "../guest/quote.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import { useImage } from "../image/platform/platform_image.ts";
import { delay, settlesWithin } from "../base/time/wait.ts";
import { type NaiveSsh, naiveSsh } from "./naive_ssh.ts";
import { packPasswordSeed, randomPassword } from "./password_seed.ts";
import type { BuildPhases } from "./phases.ts";

/** Time between two tries to log in. */
const POLL_MS = 2000;
/** Time that a guest is given to go down before it is killed. */
const SHUTDOWN_MS = 2000;

/** What {@link buildNaively} takes. */
export interface NaiveBuildOptions {
  readonly platform: Platform;
  readonly project: Project;
  readonly size: Size;
  readonly accelerator: AcceleratorChoice;
  readonly signal: AbortSignal;
}

/**
 * Builds a project in a guest the way that scripts usually do: log in with a password, tried every
 * two seconds; one connection for each command; two seconds for the shutdown. Image, machine and
 * build commands are those of `build-vm`.
 */
export async function buildNaively(options: NaiveBuildOptions): Promise<BuildPhases> {
  const { platform, project, size, signal } = options;
  const total = startClock();
  const { user } = platform.ssh;
  const password = randomPassword();
  let phases: Omit<BuildPhases, "total">;
  {
    await using logs = await startLogs(`bench-naive-${platform.name}`);
    await using image = await useImage(platform);
    const request = {
      ...size,
      ...{ platform, image, logs, signal },
      accelerator: options.accelerator,
      network: "open" as const,
      sshPort: 0,
    };
    await using launched = await launchGuest(request, await findGuestHost(request), {
      extraSeed: packPasswordSeed(user, password),
    });
    const ssh = await naiveSsh({
      ...{ user, password, signal },
      name: platform.name,
      port: launched.guest.sshPort ?? 0,
      hostPublic: launched.host.keys.hostPublic,
      dir: launched.run.dir,
    });
    await pollLogin(ssh, launched, platform.timeouts.bootMs, signal);
    const boot = launched.clock();

    const dirs = guestDirs(user);
    const syncClock = startClock();
    await ssh.exec(shellQuote(["mkdir", "-p", dirs.source, dirs.build]));
    await ssh.copy(project.dir, dirs.source);
    const sync = syncClock();

    const buildClock = startClock();
    for (const text of buildCommands(project, platform, size)) await ssh.exec(text);
    const build = buildClock();

    const shutdownClock = startClock();
    await launched.guest.qmp.execute("system_powerdown");
    await delay(SHUTDOWN_MS, signal);
    await launched.guest.kill();
    phases = { boot, sync, build, shutdown: shutdownClock() };
  }
  return { ...phases, total: total() };
}

/** The steps that build-vm runs, each as one command line. */
function buildCommands(project: Project, platform: Platform, size: Size): string[] {
  const dirs = guestDirs(platform.ssh.user);
  const env = Object.entries(project.env).map(([name, value]) => `${name}=${value}`);
  return planSteps(project, {
    os: platform.os,
    platformName: platform.name,
    sourceDir: join(dirs.source, project.source),
    buildDir: dirs.build,
    jobs: size.cores,
    cmakeFlags: platform.cmakeFlags,
    generator: platform.cmakeGenerator,
  }).map(({ cwd, command }) =>
    `cd ${quoteWord(cwd)} && ${shellQuote(["env", ...env, ...command])}`
  );
}

async function pollLogin(
  ssh: NaiveSsh,
  { guest, clock }: LaunchedGuest,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!await ssh.answers()) {
    if (await settlesWithin(guest.exited, 0) === "settled") {
      throw new GuestError(`Cannot log in to guest "${guest.name}": QEMU has ended`, {
        details: (await guest.exited).output,
      });
    }
    if (clock() * 1000 > deadlineMs) {
      throw new GuestError(
        `Cannot log in to guest "${guest.name}" with a password: no login within ${clock()} s`,
        { next: diagnoseCommand(guest.logs.console) },
      );
    }
    await delay(POLL_MS, signal);
  }
}
