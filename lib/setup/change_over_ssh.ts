import { GuestError } from "../base/errors.ts";
import { settlesWithin } from "../base/time/wait.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { seedDiskArgs } from "../qemu/firmware_args.ts";
import type { BuildHost } from "../vm/build_guest.ts";
import { bootDeadline } from "../vm/host.ts";
import { launchGuest } from "../vm/launch_guest.ts";
import { sshLogin } from "../vm/ssh_login.ts";
import { changedDevices, type ConsoleGuest, keepDisk } from "./change_at_console.ts";

/** A guest that a disk of settings prepares for a login, and what becomes of its disk. */
export interface SeededGuest extends ConsoleGuest {
  readonly host: BuildHost;
  readonly user: string;
  /** The command that has it shut down. */
  readonly powerOff: readonly string[];
  /** The disk of settings: what the system itself looks for, by its label. */
  readonly seed: string;
  /** From launch to login, under TCG. */
  readonly bootMs: number;
  /** How long the system may take to shut down. */
  readonly shutdownMs: number;
}

/**
 * Boots a guest on an overlay of a disk, has it changed over SSH, shuts it down, and makes a disk
 * of both. Until then there is nothing at that path.
 */
export async function changeOverSsh<Result>(
  guest: SeededGuest,
  change: (ssh: SshConnection, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { name, host, logs, from, seed, signal } = guest;
  const { memoryMiB, cores, cpu } = guest;
  await using stack = new AsyncDisposableStack();
  const launched = stack.use(
    await launchGuest({
      ...{ name, host, memoryMiB, cores, cpu, logs, signal },
      disk: from,
      boot: async (dir) => [...await guest.boot(dir), ...seedDiskArgs(seed, "cidata")],
      devices: changedDevices({ hostPort: 0 }),
    }),
  );
  const { logIn } = sshLogin({
    ...{ keys: host.keys, user: guest.user, startResume: [], proxied: false },
    bootMs: bootDeadline(guest.bootMs, host),
  });
  const { ssh } = stack.use(await logIn(launched));
  const result = await change(ssh, launched.signal);
  await ssh.exec(guest.powerOff, { signal: launched.signal });
  await ssh.close();
  const powerdownMs = bootDeadline(guest.shutdownMs, host);
  if (await settlesWithin(launched.guest.exited, powerdownMs) === "late") {
    throw new GuestError(`Cannot keep the disk of "${name}": the guest did not shut down`, {
      details: [`console: ${logs.console}`, `it was given ${powerdownMs / 1000} s`],
      next: "raise timeouts.shutdownMs of the platform",
    });
  }
  await keepDisk(guest, launched.place.disk);
  return result;
}
