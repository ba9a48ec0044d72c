import { GuestError, UsageError } from "../base/errors.ts";
import { type NetworkRule, showNetwork } from "../config/network.ts";
import type { Platform } from "../config/platform.ts";
import type { GuestCommands } from "../guest/guest_commands.ts";
import { shellQuote } from "../guest/quote.ts";
import { exportText } from "../guest/remote_command.ts";
import type { RunRecord } from "../guest/runs.ts";
import type { SshConnection } from "../guest/ssh.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import { runInForeground } from "../base/process/run_in_foreground.ts";
import { fullDiskError } from "../base/files/full_disk.ts";
import { useImage } from "../image/platform/platform_image.ts";
import { qmpSocketPath } from "../qemu/launch.ts";
import { isOutOfSpace } from "../qemu/out_of_space.ts";
import type { GuestNetwork } from "./guest_network.ts";
import { runInLiving, sshCommand } from "../guest/living.ts";
import { joinKept, runPlace } from "./kept.ts";
import { startLogs } from "../base/files/log_files.ts";
import type { Size } from "./machine.ts";
import { openGuest } from "./open_guest.ts";

interface GuestCommand {
  readonly argv: readonly string[];
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** Told what the command's user should know besides its status. */
  readonly onWarning?: (text: string) => void;
}

/** Runs a command in a guest of its own, and returns the command's status. */
export async function runInFresh(
  options: {
    readonly platform: Platform;
    readonly size: Size;
    readonly network: NetworkRule;
    readonly accelerator: AcceleratorChoice;
    readonly sshPort: number;
    readonly append?: readonly string[] | undefined;
    readonly cold?: boolean;
  },
  command: GuestCommand,
): Promise<number> {
  const { platform, size } = options;
  await using logs = await startLogs(`vm-run-${platform.name}`);
  await using image = await useImage(platform);
  await using guest = await openGuest({
    ...size,
    ...{ platform, image, logs, network: options.network, signal: command.signal },
    accelerator: options.accelerator,
    sshPort: options.sshPort,
    append: options.append,
    cold: options.cold === true,
    onNote: (text, level) => {
      logs.write(`== ${text}\n`);
      if (level !== "info") command.onWarning?.(text);
    },
    bootMs: platform.timeouts.bootMs,
  });
  const signal = AbortSignal.any([command.signal, guest.failed]);
  const status = await runShared(guest.ssh, guest.network, { ...command, signal });
  await guest.shutdown();
  return status;
}

/** A kept guest has the network that it was started with. */
export function refuseOtherNetwork({ platform, network = "open" }: RunRecord, wanted: NetworkRule) {
  const [has, wants] = [network, wanted].map(showNetwork);
  if (has === wants) return;
  throw new UsageError(
    `Cannot use --network ${wants}: the guest of "${platform}" that is up has ${has}`,
    { next: "pass --fresh to start another guest" },
  );
}

/** Runs a command in a kept guest, and returns the command's status. */
export async function runInKept(record: RunRecord, command: GuestCommand): Promise<number> {
  await using logs = await startLogs(`vm-run-${record.platform}`);
  try {
    await using kept = await joinKept(record, logs, command.signal);
    return await runShared(kept.ssh, kept.network, command, kept.commands);
  } catch (error) {
    command.signal.throwIfAborted();
    throw await explainPause(record, error, command.signal);
  }
}

/** A guest that does not answer may have been paused by QEMU while no task was watching. */
async function explainPause(record: RunRecord, error: unknown, signal: AbortSignal) {
  const { platform: name } = record;
  const { dir, socketDir } = runPlace(record);
  const guest = { name, qmpSocket: qmpSocketPath(socketDir) };
  if (!(error instanceof GuestError)) return error;
  if (!await isOutOfSpace(guest, signal).catch(() => false)) return error;
  return await fullDiskError(`continue with guest "${name}"`, {
    said: "QEMU has paused it, as it cannot write to its disk",
    paths: [dir],
    next: `deno task vm-stop ${name}, which frees what its disk takes`,
    cause: error,
  });
}

/** Time that ssh takes to notice that its shared connection is gone. */
const NOTICE_MS = 1000;

/** The status of ssh itself when it fails, and of commands that choose it. */
const SSH_FAILED = 255;

/** The command gets this task's own standard streams, so that it can be part of a pipe. */
async function runShared(
  ssh: SshConnection,
  network: GuestNetwork,
  command: GuestCommand,
  kept?: GuestCommands,
): Promise<number> {
  const text = shellQuote(command.argv);
  const { env } = network;
  const { signal, timeoutMs } = command;
  const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const either = late === undefined ? signal : AbortSignal.any([signal, late]);
  const code = kept === undefined
    ? await runInForeground(sshCommand(ssh.configPath, exportText(env) + text, false), {
      signal: either,
    })
    : await runInLiving({ ssh, env, commands: kept }, { text, terminal: false }, either);
  signal.throwIfAborted();
  if (late?.aborted) {
    throw new GuestError(
      `Cannot finish "${command.argv[0]}" in guest "${ssh.name}": no end within ${
        (timeoutMs ?? 0) / 1000
      } s`,
      { next: "pass a longer --timeout" },
    );
  }
  if (code === SSH_FAILED) await throwIfLost(ssh);
  if (code !== 0) warnOfNetwork(network, command.onWarning);
  return code;
}

/** Names what a command that failed did not get from the network, and what to change. */
export function warnOfNetwork(network: GuestNetwork, warn?: (text: string) => void): void {
  const { details, next } = network.explain([]);
  if (details.length > 0) {
    warn?.([...details, ...next === undefined ? [] : [`next: ${next}`]].join("\n  "));
  }
}

async function throwIfLost(ssh: SshConnection): Promise<void> {
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), NOTICE_MS));
  const words = await Promise.race([ssh.closed, late]);
  if (words === undefined) return;
  throw new GuestError(`Cannot finish the command: lost connection to guest "${ssh.name}"`, {
    details: [`ssh: ${words}`],
    next: "deno task ci-diagnose",
  });
}
