import { ARCH } from "../config/archs.ts";
import { DEV_ARCH } from "../config/dev_names.ts";
import { join } from "@std/path";
import { waitForReady } from "../guest/readiness.ts";
import type { SshConnection } from "../guest/ssh.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import { requireMemory } from "../host/guest_memory.ts";
import type { GuestLogs } from "../qemu/launch.ts";
import { bootDeadline, findKeyedHost, type KeyedHost } from "../vm/host.ts";
import type { LoginPlan } from "../vm/plan.ts";
import { type LaunchedGuest, launchGuest, type LaunchPlan } from "../vm/launch_guest.ts";
import { logIn } from "./connect_dev.ts";
import { type DevMachine, devMachine } from "./dev_machine.ts";
import type { BootPlan } from "./flavour/flavour.ts";
import { DEV_FILES, DEV_SOCKETS } from "./state/dev_paths.ts";
import type { Share } from "./share/share.ts";

/** Determines what a dev guest will run on, and creates the checkout's keys if there are none. */
export async function findDevHost(
  accelerator: AcceleratorChoice,
  signal: AbortSignal,
): Promise<KeyedHost> {
  const { machine } = ARCH[DEV_ARCH].qemu;
  return await findKeyedHost({ arch: DEV_ARCH, machine, accelerator, signal });
}

export interface DevGuestOptions extends DevMachine {
  readonly host: KeyedHost;
  readonly boot: BootPlan;
  readonly dir: string;
  readonly socketDir: string;
  readonly logs: GuestLogs;
  readonly share?: Share;
  readonly signal: AbortSignal;
}

/** A dev guest, which lives in its own directory and is logged in to over SSH. */
export function devGuest(options: DevGuestOptions) {
  const { config, host, boot, dir, socketDir, logs, share, signal } = options;
  return {
    ...devMachine(options),
    ...{ name: config.name, host, logs, signal },
    home: { dir, socketDir },
    disk: join(dir, DEV_FILES.disk),
    boot: () => Promise.resolve(boot.args),
    consoleSocket: join(socketDir, DEV_SOCKETS.console),
    wrapper: share?.launchWrapper ?? [],
    logIn: async ({ guest, signal, socket }) =>
      await waitForReady(guest, {
        deadlineMs: bootDeadline(config.bootMs, host),
        ...(boot.announcesReady ? {} : { knockMs: 2000 }),
        signal,
        connect: (attempt) => {
          const { name, user } = config;
          const { sshPort = options.sshPort } = guest;
          return logIn(
            { name, user, sshPort, sshSocket: socket(DEV_SOCKETS.ssh) },
            host.keys,
            attempt,
          );
        },
      }),
  } as const satisfies LoginPlan<SshConnection>;
}

/** Starts QEMU. Disposal ends it, unless it was released. */
export async function launchDev(plan: LaunchPlan): Promise<LaunchedGuest> {
  await requireMemory(plan);
  return await launchGuest(plan);
}
