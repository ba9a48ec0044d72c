import { powerOffOverSsh } from "../build/power_off.ts";
import { GuestError } from "../cli/errors.ts";
import { acquireLock, tryLock } from "../host/lock.ts";
import { connectQmp } from "../qemu/qmp_connect.ts";
import { shutDown } from "../qemu/shutdown.ts";
import { delay, settlesWithin } from "../qemu/wait.ts";
import type { DevConfig } from "./config.ts";
import { connectDev } from "./connect.ts";
import { devFile, devLock } from "./paths.ts";
import { whyPaused } from "./paused.ts";
import { type DevRecord, isSameProcess, type RecordedProcess } from "./record.ts";
import { makeShare, type Share } from "./share.ts";
import { shareRequest } from "./start.ts";
import { clearRecord, settleState } from "./state.ts";

/** What {@link shutdownDev} and {@link killDev} take. */
export interface StopDevOptions {
  readonly config: DevConfig;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  readonly onNote: (text: string) => void;
}

/** What ended a guest; `not running` if nothing had to. */
export type StoppedBy = "not running" | "ssh" | "power button" | "kill";

/** How often the end of a guest is looked for. */
const POLL_MS = 250;
/** How much of the time SSH gets, before the power button is pressed. */
const SSH_SHARE = 0.6;
/** The least time in which a guest can be asked to power off. */
const LEAST_ASK_MS = 1000;
/** The most. */
const MOST_ASK_MS = 15_000;

/**
 * Shuts the guest down in order: asks over SSH, then by the power button. Throws
 * {@link GuestError} if it still runs after `timeoutMs`; it is only killed where `forceAfterMs`
 * (counted from the start, too) says so.
 */
export async function shutdownDev(
  options: StopDevOptions & { readonly timeoutMs: number; readonly forceAfterMs?: number },
): Promise<StoppedBy> {
  const { config, signal, onNote, onStep, timeoutMs, forceAfterMs } = options;
  const { name } = config;
  await using _lock = await acquireLock(devLock(name), { signal, purpose: "shutting it down" });
  const record = await settleState(name, onNote);
  if (record === undefined) return "not running";
  const paused = await whyPaused(record, signal);
  // Asked now, it would shut down as soon as it goes on, in the middle of what it was doing.
  if (paused !== undefined && forceAfterMs === undefined) throw isPaused(record, paused);
  const share = await recordedShare(record, options);
  const deadline = performance.now() + (forceAfterMs ?? timeoutMs);
  const leftMs = () => Math.max(0, deadline - performance.now());
  using end = watchEnd(record.qemu);
  onStep(`Shut down guest "${name}" (process ${record.qemu.pid})`);
  const shareMs = Math.round(leftMs() * SSH_SHARE / 2);
  const askMs = Math.min(MOST_ASK_MS, Math.max(LEAST_ASK_MS, shareMs));
  if (await askOverSsh(record, share, askMs, options)) {
    await settlesWithin(end.exited, leftMs() * SSH_SHARE);
    signal.throwIfAborted();
  }
  let by: StoppedBy = "ssh";
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

/**
 * Kills the guest's QEMU: the process on record, told by its pid, start time and command line.
 * Returns `undefined` if it does not run.
 */
export async function killDev(options: StopDevOptions): Promise<DevRecord | undefined> {
  const { config, onNote, onStep } = options;
  // A task that waits for the guest holds the lock, which must not keep anybody from killing it.
  await using lock = await tryLock(devLock(config.name), { purpose: "killing it" });
  const record = await settleState(config.name, onNote);
  if (record === undefined) return undefined;
  onStep(`Kill guest "${config.name}" (process ${record.qemu.pid})`);
  using end = watchEnd(record.qemu);
  await kill(record, end.exited);
  // Whoever holds the lock cleans up itself.
  if (lock !== undefined) await cleanUp(record, await recordedShare(record, options));
  return record;
}

function hung(record: DevRecord, timeoutMs: number): GuestError {
  return new GuestError(
    `Cannot shut down guest "${record.name}": it still runs after ${timeoutMs / 1000} s`,
    {
      details: aboutRunning(record),
      next: "deno task arm-dev-kill, or deno task arm-dev-shutdown --force-after SECONDS",
    },
  );
}

const isPaused = (record: DevRecord, why: string) =>
  new GuestError(`Cannot shut down guest "${record.name}": it is paused: ${why}`, {
    details: aboutRunning(record),
    next: "make space, then deno task arm-dev, then deno task arm-dev-shutdown",
  });

const aboutRunning = ({ name, qemu, since }: DevRecord) => [
  `process ${qemu.pid}, up since ${since}`,
  `console: ${devFile(name, "consoleLog")}`,
  "what it has not written to its disk by now is lost if it is killed",
];

/** The share as it was when the guest was started, whatever the config says by now. */
export async function recordedShare(
  record: DevRecord,
  { config, signal, onNote }: Pick<StopDevOptions, "config" | "signal" | "onNote">,
): Promise<Share> {
  const { mode, readOnly, guestDir, hostDir } = record.share;
  const share = { mode, readOnly, name: guestDir.slice(1), hostStore: false };
  return await makeShare({
    ...shareRequest({ ...config, share }, hostDir, record.socketDir),
    log: devFile(record.name, "qemuLog"),
    onNote,
    signal,
  });
}

interface End extends Disposable {
  /** Resolves when the process has ended. */
  readonly exited: Promise<void>;
  readonly over: boolean;
}

/** Follows a process that is not our child. */
function watchEnd(process: RecordedProcess): End {
  let watching = true;
  let over = false;
  const exited = (async () => {
    while (watching && await isSameProcess(process)) await delay(POLL_MS);
    over = watching;
  })();
  return {
    exited,
    get over() {
      return over;
    },
    [Symbol.dispose]: () => void (watching = false),
  };
}

/** Whether the guest has been asked in time; it then shuts down by itself. */
async function askOverSsh(
  record: DevRecord,
  share: Share,
  withinMs: number,
  { signal, onNote }: StopDevOptions,
): Promise<boolean> {
  try {
    await using ssh = await connectDev(record, { signal, deadlineMs: withinMs });
    const check = await ssh.exec(["true"], { timeoutMs: withinMs, signal, endInGuest: false });
    if (check.code !== 0) return false;
    await share.beforeStop(ssh);
    await powerOffOverSsh(ssh);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    onNote(error instanceof Error ? error.message : String(error));
    return false;
  }
}

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
    await qmp.execute("system_powerdown");
  };
  // A QEMU that does not listen is one that the caller finds still running.
  await press().catch(() => {});
}

async function kill({ name, qemu, helpers }: DevRecord, exited: Promise<void>): Promise<void> {
  await shutDown({ name, exited, pid: qemu.pid }, { terminateMs: 1500 });
  for (const helper of Object.values(helpers)) {
    if (!await isSameProcess(helper)) continue;
    using end = watchEnd(helper);
    await shutDown({ name, exited: end.exited, pid: helper.pid }, { terminateMs: 1500 });
  }
}

async function cleanUp(record: DevRecord, share: Share): Promise<void> {
  await share.afterStop();
  await clearRecord(record);
}
