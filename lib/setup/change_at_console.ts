import type { LogFiles } from "../base/files/log_files.ts";
import { $ } from "../base/process/dollar.ts";
import { diskArgs, rngArgs } from "../qemu/args.ts";
import type { GuestConsole } from "../image/system/guest_system.ts";
import { netArgs } from "../qemu/net_args.ts";
import { bootDeadline, type GuestHost } from "../vm/host.ts";
import { CONSOLE_SOCKET, launchGuest } from "../vm/launch_guest.ts";
import type { Machine, Size } from "../vm/machine.ts";

/** A guest that is changed through its serial console, and what becomes of its disk. */
export interface ConsoleGuest extends Size {
  readonly name: string;
  readonly host: GuestHost;
  readonly cpu: string;
  /** The qcow2 disk that it starts from, which stays as it is. */
  readonly from: string;
  /** The qcow2 disk to make of what it has written, once it has turned itself off. */
  readonly to: string;
  /** What boots it, as QEMU's arguments. May write files into its directory. */
  readonly boot: (dir: string) => Promise<readonly string[]>;
  readonly logs: LogFiles;
  readonly signal: AbortSignal;
}

/**
 * Boots a guest on an overlay of a disk, has it changed on its serial console, and makes a disk of
 * both once it has turned itself off. Until then there is nothing at that path.
 */
export async function changeAtConsole<Result>(
  guest: ConsoleGuest,
  change: (console: GuestConsole) => Promise<Result>,
): Promise<Result> {
  const { name, host, logs, from } = guest;
  await using stack = new AsyncDisposableStack();
  const { memoryMiB, cores, cpu, boot, signal } = guest;
  const launched = stack.use(
    await launchGuest({
      ...{ name, host, memoryMiB, cores, cpu, logs, signal, boot, serial: true },
      disk: from,
      devices: changedDevices(),
    }),
  );
  const result = await change({
    ...{ name, consoleLog: logs.console, exited: launched.guest.exited },
    consoleSocket: launched.socket(CONSOLE_SOCKET),
    signal: launched.signal,
    timeScale: bootDeadline(1, host),
    transcript: (line) => logs.output(`${line}\n`),
  });
  await launched.guest.exited;
  await keepDisk(guest, launched.place.disk);
  return result;
}

/**
 * The devices of a guest that is changed. It has the network of a host, since a mirror may be
 * anywhere; nobody but us runs anything in it yet.
 */
export const changedDevices =
  (net: { readonly hostPort?: number } = {}): Machine["devices"] => ({ disk }) => [
    ...diskArgs({ path: disk, format: "qcow2", throwAway: true, bootIndex: 1 }),
    ...netArgs(net),
    ...rngArgs(),
  ];

/** Makes one disk of an overlay and what it lies on, which appears only when it is whole. */
export async function keepDisk(
  { name, to, signal }: Pick<ConsoleGuest, "name" | "to" | "signal">,
  overlay: string,
): Promise<void> {
  const fresh = `${to}.new`;
  await $`qemu-img convert -O qcow2 ${overlay} ${fresh}`.signal(signal)
    .what(`keep the disk of "${name}"`);
  await Deno.rename(fresh, to);
}
