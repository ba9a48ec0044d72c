import { join } from "@std/path";
import { systemOf } from "../image/platform/systems.ts";
import type { TaskContext } from "../cli/context.ts";
import { GuestError } from "../base/errors.ts";
import { certificateVariables, hostCertificates } from "../guest/certificates.ts";
import { findKept, isAlive, removeRun, type RunRecord } from "../guest/runs.ts";
import type { GuestCommands } from "../guest/guest_commands.ts";
import { shellQuote } from "../guest/quote.ts";
import { sshCommand } from "../guest/living.ts";
import { exportText } from "../guest/remote_command.ts";
import { loadPlatform, type Platform } from "../config/platform.ts";
import { connectSsh, type SshConnection } from "../guest/ssh.ts";
import { ensureKeys } from "../host/keys.ts";
import { platformsDir, runsDir, socketDir as usualSocketDir } from "../base/files/paths.ts";
import { watchEnd } from "../base/process/watch_end.ts";
import { runInForeground } from "../base/process/run_in_foreground.ts";
import { qmpSocketPath } from "../qemu/launch.ts";
import { connectQmp } from "../qemu/qmp_connect.ts";
import { shutDown, type ShutdownRung } from "../qemu/shutdown.ts";
import { settlesWithin } from "../base/time/wait.ts";
import { powerOffOverSsh } from "../guest/power_off.ts";
import { sshTarget } from "../guest/connect_guest.ts";
import { type GuestNetwork, openNetwork } from "./guest_network.ts";
import type { LogFiles } from "../base/files/log_files.ts";
import type { OpenGuest } from "./open_guest.ts";

/** The kept guest of a platform. Throws {@link GuestError} with the command that leaves one up. */
export async function requireKept(platform: string): Promise<RunRecord> {
  const record = await findKept(platform);
  if (record !== undefined) return record;
  throw new GuestError(`Cannot find a guest of "${platform}": none was left running`, {
    next: `deno task build-vm ${platform} --keep`,
  });
}

/** The directories of a recorded run. */
export const runPlace = ({ id, socketDir = join(usualSocketDir(), id) }: RunRecord) => ({
  dir: join(runsDir(), id),
  socketDir,
});

/** The login shell is a small one, for speed; a person gets bash where the guest has it. */
const PERSON_SHELL = 'if command -v bash >/dev/null; then exec bash -l; else exec "$SHELL" -l; fi';

/** A connection to a kept guest. Disposal ends it, and leaves the guest up. */
export interface JoinedGuest extends AsyncDisposable {
  readonly ssh: SshConnection;
  readonly network: GuestNetwork;
  readonly commands: GuestCommands;
}

/** Connects to a kept guest, which has a way to the network for as long as that lasts. */
export async function joinKept(
  record: RunRecord,
  logs: Pick<LogFiles, "write">,
  signal: AbortSignal,
): Promise<JoinedGuest> {
  const { network: rule = "open" } = record;
  const socketPath = join(runPlace(record).socketDir, `proxy-${Deno.pid}`);
  await using stack = new AsyncDisposableStack();
  const ssh = stack.use(
    await connectSsh({
      ...await keptTarget(record),
      ...{ name: record.platform, signal },
      proxySocket: rule === "open" ? undefined : socketPath,
    }),
  );
  const { commands } = systemOf(await loadPlatform(platformsDir, record.platform));
  const onNote = (line: string) => logs.write(`== ${line}\n`);
  const env = certificateVariables(await hostCertificates(), commands.certificates);
  const network = stack.use(openNetwork(ssh, { rule, socketPath, env, onNote }));
  const resources = stack.move();
  return { ssh, network, commands, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** How this task reaches a kept guest: by a socket of its own, since several may at one time. */
export async function keptTarget(record: RunRecord) {
  const place = runPlace(record);
  const target = await sshTarget(place, await ensureKeys(), record.sshPort, record.user);
  return { ...target, controlPath: join(place.socketDir, `run-${Deno.pid}`) };
}

/** What vm-ssh runs in a guest: a login shell, which needs a terminal, or one command. */
export const sessionOf = (argv: readonly string[]) => ({
  text: argv.length === 0 ? PERSON_SHELL : shellQuote(argv),
  terminal: argv.length === 0,
});

/** Prints how to connect to a guest that was just left running. */
export function announceKept(ctx: TaskContext, record: RunRecord): void {
  ctx.log.info([
    `Guest "${record.platform}" is left running: 127.0.0.1 port ${record.sshPort}, pid ${record.pid}`,
    `  connect: deno task vm-ssh ${record.platform}`,
    `  stop:    deno task vm-stop ${record.platform}`,
  ].join("\n"));
}

/** Opens a shell in a guest in which a step has failed, if there is a terminal. */
export async function openFailureShell(ctx: TaskContext, guest: OpenGuest): Promise<void> {
  if (!ctx.interactive) {
    ctx.log.warn("No shell is opened: this is no terminal. To look around later: --keep");
    return;
  }
  ctx.log.info(
    `A step failed. This is a shell in guest "${guest.guest.name}"; exit it to continue.`,
  );
  await runInForeground(
    sshCommand(guest.ssh.configPath, exportText(guest.network.env) + PERSON_SHELL, true),
  );
}

/** How long a kept guest may take to shut down in order. */
const POWERDOWN_MS = 30_000;

async function askOverSsh(record: RunRecord, platform: Platform): Promise<void> {
  const place = runPlace(record);
  const target = await sshTarget(place, await ensureKeys(), record.sshPort, record.user);
  const controlPath = join(place.socketDir, `stop-${Deno.pid}`);
  await using ssh = await connectSsh({ ...target, name: record.platform, controlPath });
  await powerOffOverSsh(ssh, systemOf(platform).commands);
}

/** How often a kept guest's end is looked for. */
const POLL_MS = 50;

/** Shuts a kept guest down and removes what was left of it; returns what ended it. */
export async function stopKept(record: RunRecord): Promise<ShutdownRung> {
  const place = runPlace(record);
  using end = watchEnd(() => isAlive(record), POLL_MS);
  const { exited } = end;
  const qmp = await connectQmp({
    path: qmpSocketPath(place.socketDir),
    name: record.platform,
    deadlineMs: 3000,
    exited,
  }).catch(() => undefined);
  await using _qmp = qmp;
  const platform = await loadPlatform(platformsDir, record.platform);
  if (platform.powerdown === "ssh") {
    await askOverSsh(record, platform).catch(() => {});
    await settlesWithin(exited, POWERDOWN_MS);
  }
  const rung = await shutDown({
    name: record.platform,
    exited,
    ...(qmp === undefined ? {} : { qmp }),
    pid: record.pid,
  }, { powerdownMs: POWERDOWN_MS });
  await removeRun(record.id);
  return rung;
}
