import { devCommands } from "./state/dev_commands.ts";
import { powerOffOverSsh } from "../guest/power_off.ts";
import { GuestError, TaskError } from "../base/errors.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { type Lock, tryLock } from "../base/files/lock.ts";
import { connectQmp } from "../qemu/qmp_connect.ts";
import { shutDown } from "../qemu/shutdown.ts";
import { watchEnd } from "../base/process/watch_end.ts";
import { settlesWithin } from "../base/time/wait.ts";
import type { DevConfig } from "../config/dev_config.ts";
import { connectDev } from "./connect_dev.ts";
import { devFile, devLock } from "./state/dev_paths.ts";
import { whyPaused } from "./state/paused.ts";
import { type DevRecord, isSameProcess, type RecordedProcess } from "./state/record.ts";
import type { Share } from "./share/share.ts";
import { makeShare } from "./share/make_share.ts";
import { shareRequest } from "./start.ts";
import { clearRecord, lockDev, settleState } from "./state/state.ts";

/** What {@link shutdownDev} and {@link killDev} take. */
interface StopDevOptions {
  readonly config: DevConfig;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  readonly onNote: (text: string) => void;
}

/** What ended a guest; `not running` if nothing was needed. */
type StoppedBy = "not running" | "ssh" | "power button" | "kill";

/** How often to check whether a guest has ended. */
const POLL_MS = 250;
/** The share of the time for SSH, before the power button is pressed. */
const SSH_SHARE = 0.6;
/** The least time for asking a guest to power off. */
const LEAST_ASK_MS = 1000;
/** The most. */
const MOST_ASK_MS = 15_000;

interface ShutdownDevOptions extends StopDevOptions {
  /** How long each may take: the preparation, such as a sync, and the shutdown itself. */
  readonly timeoutMs: number;
  /** Instead of it: when to kill a guest that is still running. */
  readonly forceAfterMs?: number;
}

/**
 * Shuts the guest down: copies its work to the host, asks over SSH, then presses the power button.
 * Throws {@link GuestError} after `timeoutMs`, or if the copy fails; kills it after `forceAfterMs`.
 */
export async function shutdownDev(options: ShutdownDevOptions): Promise<StoppedBy> {
  const { config, signal, onNote, onStep, timeoutMs, forceAfterMs } = options;
  const { name } = config;
  await using _lock = await takeLock(options);
  const record = await settleState(name, onNote);
  if (record === undefined) return "not running";
  const paused = await whyPaused(record, signal);
  // Asked now, it would shut down as soon as it continues, in the middle of its work.
  if (paused !== undefined && forceAfterMs === undefined) throw isPaused(record, paused);
  const limitMs = forceAfterMs ?? timeoutMs;
  const beforehand = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const share = await recordedShare(record, { ...options, signal: beforehand });
  using end = watch(record.qemu);
  onStep(`Shut down guest "${name}" (process ${record.qemu.pid})`);
  await using ssh = await reach(record, limitMs, options);
  if (ssh !== undefined) await bringHome(share, ssh, options);
  const deadline = performance.now() + limitMs;
  const leftMs = () => Math.max(0, deadline - performance.now());
  let by: StoppedBy = "ssh";
  if (ssh !== undefined) {
    await powerOffOverSsh(ssh, devCommands);
    await settlesWithin(end.exited, leftMs() * SSH_SHARE);
    signal.throwIfAborted();
  }
  if (!end.over) {
    onStep("Press its power button");
    await pressPowerButton(record, end.exited, Math.min(3000, leftMs()));
    await settlesWithin(end.exited, leftMs());
    signal.throwIfAborted();
    by = "power button";
  }
  if (!end.over) {
    if (forceAfterMs === undefined) {
      const why = await whyPaused(record, signal);
      throw why === undefined ? hung(record, timeoutMs) : isPaused(record, why);
    }
    onStep("Kill it");
    await kill(record, end.exited);
    by = "kill";
  }
  await cleanUp(record, share);
  return by;
}

/** Waits for a task that has the guest, such as one that is starting it, but not forever. */
async function takeLock(options: ShutdownDevOptions): Promise<Lock> {
  const { config, signal, onNote, timeoutMs, forceAfterMs } = options;
  const limitMs = forceAfterMs ?? timeoutMs;
  const limit = AbortSignal.timeout(limitMs);
  let holder = "";
  try {
    return await lockDev(config.name, {
      signal: AbortSignal.any([signal, limit]),
      purpose: "shutting it down",
      onNote(text, who) {
        holder = who;
        onNote(text);
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted) throw error;
    throw new GuestError(
      `Cannot shut down guest "${config.name}": another task had it for ${limitMs / 1000} s`,
      { details: [holder], next: "wait for that task, or deno task arm-dev-kill" },
    );
  }
}

/** Kills the recorded QEMU, identified by pid, start time and command line. */
export async function killDev(options: StopDevOptions): Promise<DevRecord | undefined> {
  const { config, onNote, onStep } = options;
  // A task that waits for the guest holds the lock, which must not prevent killing it.
  await using lock = await tryLock(devLock(config.name), { purpose: "killing it" });
  const record = await settleState(config.name, onNote);
  if (record === undefined) return undefined;
  onStep(`Kill guest "${config.name}" (process ${record.qemu.pid})`);
  using end = watch(record.qemu);
  await kill(record, end.exited);
  // The task that holds the lock cleans up itself.
  if (lock !== undefined) await cleanUp(record, await recordedShare(record, options));
  return record;
}

function hung(record: DevRecord, timeoutMs: number): GuestError {
  return new GuestError(
    `Cannot shut down guest "${record.name}": it is still running after ${timeoutMs / 1000} s`,
    {
      details: aboutRunning(record),
      next: "deno task arm-dev-kill, or deno task arm-dev-shutdown --force-after SECONDS",
    },
  );
}

const isPaused = (record: DevRecord, why: string) =>
  new GuestError(`Cannot shut down guest "${record.name}": it is paused: ${why}`, {
    details: aboutRunning(record),
    next: "free space, then deno task arm-dev, then deno task arm-dev-shutdown",
  });

const aboutRunning = ({ name, qemu, since }: DevRecord) => [
  `process ${qemu.pid}, up since ${since}`,
  `console: ${devFile(name, "consoleLog")}`,
  "data that it has not yet written to its disk is lost if it is killed",
];

/** The share as it was when the guest was started, even if the config has changed. */
async function recordedShare(
  record: DevRecord,
  { config, signal, onNote }: Pick<StopDevOptions, "config" | "signal" | "onNote">,
): Promise<Share> {
  const { mode, readOnly, guestDir, hostDir } = record.share;
  const share = { mode, readOnly, name: guestDir.slice(1), hostStore: false };
  return await makeShare({
    ...shareRequest({ ...config, share }, hostDir, record.socketDir),
    ...{ onNote, signal },
  });
}

const watch = (process: RecordedProcess) => watchEnd(() => isSameProcess(process), POLL_MS);

/** A connection to a guest that answers; `undefined` if it does not in time. */
async function reach(
  record: DevRecord,
  limitMs: number,
  { signal, onNote }: StopDevOptions,
): Promise<SshConnection | undefined> {
  const share = Math.round(limitMs * SSH_SHARE / 2);
  const withinMs = Math.min(MOST_ASK_MS, Math.max(LEAST_ASK_MS, share));
  try {
    const ssh = await connectDev(record, { signal, deadlineMs: withinMs });
    const check = await ssh.exec(["true"], { timeoutMs: withinMs, signal, endInGuest: false });
    if (check.code === 0) return ssh;
    onNote(`"true" in guest "${record.name}" ended with ${check.code}`);
  } catch (error) {
    signal.throwIfAborted();
    onNote(textOf(error));
  }
  if (record.share.mode === "rsync") {
    onNote("Its copy of the project was not copied to the host; the next start does that");
  }
  return undefined;
}

/** Copies the guest's work to the host. If that fails, the guest keeps running. */
async function bringHome(
  share: Share,
  ssh: SshConnection,
  { signal, onNote, forceAfterMs }: ShutdownDevOptions,
): Promise<void> {
  try {
    await share.beforeStop(ssh);
  } catch (error) {
    signal.throwIfAborted();
    if (forceAfterMs !== undefined) return onNote(textOf(error));
    throw new GuestError(
      `Cannot shut down guest "${ssh.name}": its copy of the project cannot be copied to the host`,
      {
        details: [textOf(error), ...(error instanceof TaskError ? error.details : [])],
        next:
          "deno task arm-dev-sync, or deno task arm-dev-shutdown --force-after 60 to leave it " +
          "in the guest",
        cause: error,
      },
    );
  }
}

const textOf = (error: unknown) => error instanceof Error ? error.message : String(error);

async function pressPowerButton(
  { name, qmpSocket }: DevRecord,
  exited: Promise<void>,
  withinMs: number,
): Promise<void> {
  const press = async () => {
    await using qmp = await connectQmp({
      ...{ path: qmpSocket, name, exited },
      deadlineMs: withinMs,
      greetingMs: withinMs,
      commandMs: withinMs,
    });
    // A paused guest would remember it, and shut down as soon as it continues.
    if ((await qmp.execute("query-status")).status !== "running") return;
    await qmp.execute("system_powerdown");
  };
  // If QEMU does not listen, the caller finds it still running.
  await press().catch(() => {});
}

async function kill({ name, qemu, helpers }: DevRecord, exited: Promise<void>): Promise<void> {
  await shutDown({ name, exited, pid: qemu.pid }, { terminateMs: 1500 });
  for (const helper of Object.values(helpers)) {
    if (!await isSameProcess(helper)) continue;
    using end = watch(helper);
    await shutDown({ name, exited: end.exited, pid: helper.pid }, { terminateMs: 1500 });
  }
}

async function cleanUp(record: DevRecord, share: Share): Promise<void> {
  await share.afterStop();
  await clearRecord(record);
}
