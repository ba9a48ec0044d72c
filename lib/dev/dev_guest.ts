import { ARCH } from "../config/archs.ts";
import { DEV_ARCH } from "../config/dev_names.ts";
import { join } from "@std/path";
import { ConsoleLog } from "../guest/console.ts";
import { waitForReady } from "../guest/readiness.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { type AcceleratorChoice, probeAccelerator } from "../host/accelerator/accelerator.ts";
import { requireMemory } from "../host/guest_memory.ts";
import { ensureKeys } from "../host/keys.ts";
import { ensurePrivateDir } from "../base/files/private_dir.ts";
import { type Guest, type GuestLogs, startGuest, type StartGuestOptions } from "../qemu/launch.ts";
import { pinMachine, qemuProgram } from "../qemu/program.ts";
import { socketDir } from "../base/files/paths.ts";
import type { Accelerator } from "../host/accelerator/accelerator.ts";
import type { Keys } from "../host/keys.ts";
import { logIn } from "./connect_dev.ts";
import type { DevConfig } from "../config/dev_config.ts";
import { devArgs, QEMU } from "./dev_machine.ts";
import type { BootPlan } from "./flavour/flavour.ts";
import { DEV_FILES, DEV_SOCKETS } from "./state/dev_paths.ts";
import type { Share } from "./share/share.ts";

/** What dev guests run on, found out once for a task. */
export interface DevHost {
  readonly machine: string;
  readonly accelerator: Accelerator;
  /** Why this accelerator. */
  readonly reason: string;
  readonly keys: Keys;
}

/** Finds out what a dev guest will run on, and makes the checkout's keys if there are none. */
export async function findDevHost(want: AcceleratorChoice, signal: AbortSignal): Promise<DevHost> {
  const request = { arch: DEV_ARCH, want, qemuBinary: QEMU, signal } as const;
  const { accelerator, reason } = await probeAccelerator(request);
  const machine = pinMachine(ARCH[DEV_ARCH].qemu.machine, await qemuProgram(QEMU, signal));
  return { machine, accelerator, reason, keys: await ensureKeys(signal) };
}

/** What {@link launchDev} takes. */
export interface LaunchDevOptions {
  readonly config: DevConfig;
  readonly host: DevHost;
  readonly boot: BootPlan;
  /** Directory of the guest's files. */
  readonly dir: string;
  readonly socketDir: string;
  readonly logs: GuestLogs;
  /** Port of 127.0.0.1; 0 for a free one. */
  readonly sshPort: number;
  readonly share?: Share;
  readonly display?: string;
  readonly reboots: boolean;
  readonly signal: AbortSignal;
}

/** What {@link startGuest} is asked for: also what `--dry-run` prints. */
export function devStart(options: LaunchDevOptions): StartGuestOptions {
  const { config, host, share } = options;
  return {
    name: config.name,
    binary: QEMU,
    args: devArgs({
      ...{ config, share, boot: options.boot, sshPort: options.sshPort },
      ...{ display: options.display, reboots: options.reboots },
      machine: host.machine,
      accelerator: host.accelerator,
      disk: join(options.dir, DEV_FILES.disk),
    }),
    runDir: options.dir,
    socketDir: options.socketDir,
    logs: options.logs,
    consoleSocket: join(options.socketDir, DEV_SOCKETS.console),
    wrapper: share?.launchWrapper ?? [],
    signal: options.signal,
  };
}

/** Starts QEMU. Disposal ends it, unless it was released. */
export async function launchDev(options: LaunchDevOptions): Promise<Guest> {
  await requireMemory(options.config);
  // In a directory that all users share, somebody else may have made ours first.
  await ensurePrivateDir(socketDir());
  return await startGuest(devStart(options));
}

/** How much sooner than under emulation a guest must be up that runs on a hypervisor. */
const HYPERVISOR_SPEEDUP = 4;

/** Waits until a guest that starts can be logged in to, and logs in. */
export async function awaitLogin(
  guest: Guest,
  options: LaunchDevOptions,
): Promise<SshConnection> {
  const { config, host, boot, signal } = options;
  const reachable = {
    name: config.name,
    sshPort: guest.sshPort ?? options.sshPort,
    user: config.user,
    sshSocket: join(options.socketDir, DEV_SOCKETS.ssh),
  };
  return await waitForReady(guest, {
    deadlineMs: config.bootMs / (host.accelerator === "tcg" ? 1 : HYPERVISOR_SPEEDUP),
    console: new ConsoleLog(guest.logs.console),
    ...(boot.announcesReady ? {} : { knockMs: 2000 }),
    signal,
    connect: (attempt) => logIn(reachable, host.keys, attempt),
  });
}
