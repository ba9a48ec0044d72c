import { hostIdentity } from "../../host/facts.ts";
import { run } from "../../base/process/run.ts";
import { UsageError } from "../../base/errors.ts";
import { acquireLock, type Lock } from "../../base/files/lock.ts";
import { devFile, devLock } from "./dev_paths.ts";
import { closeDevDir } from "./private.ts";
import { removeAll } from "../../base/files/directories.ts";
import { processStartTime } from "../../base/process/start_time.ts";
import { type DevRecord, isSameProcess, readDevRecord, type RecordedProcess } from "./record.ts";

/** Whether a guest runs. */
type DevState =
  | { readonly kind: "running"; readonly record: DevRecord }
  | { readonly kind: "stopped" }
  /** There is a record, but its guest is gone. */
  | { readonly kind: "stale"; readonly record: DevRecord; readonly why: string };

/** Reads a guest's record, and checks whether it is still valid. */
export async function devState(name: string): Promise<DevState> {
  const record = await readDevRecord(name);
  if (record === undefined) return { kind: "stopped" };
  const why = await whyStale(record);
  return why === undefined ? { kind: "running", record } : { kind: "stale", record, why };
}

/** How a task takes a guest. */
interface LockDevOptions {
  readonly signal?: AbortSignal;
  /** What for, as other tasks show it. */
  readonly purpose?: string;
  /** Called if it has to be waited for. */
  readonly onNote: (text: string, holder: string) => void;
}

/** Takes the lock of a guest, which tasks hold that change it. */
export const lockDev = (name: string, { onNote, ...options }: LockDevOptions): Promise<Lock> =>
  acquireLock(devLock(name), {
    ...options,
    onWait: (holder) => onNote(`Another task has guest "${name}": ${holder}. Waiting`, holder),
  });

/**
 * Takes a guest to make or destroy it. Throws {@link UsageError} while it runs.
 *
 * @param action what cannot be done then, such as `destroy guest "x"`
 */
export async function lockStopped(
  name: string,
  { action, ...options }: LockDevOptions & {
    readonly action: string;
    readonly onNote: (text: string) => void;
  },
): Promise<Lock> {
  await using stack = new AsyncDisposableStack();
  const lock = stack.use(await lockDev(name, options));
  if (await settleState(name, options.onNote) !== undefined) {
    throw new UsageError(`Cannot ${action}: it is running`, { next: "deno task arm-dev-shutdown" });
  }
  stack.move();
  return lock;
}

/** The id of this boot of the host; "unknown" if the host has none. */
export async function bootId(): Promise<string> {
  return (await hostIdentity()).bootId ?? "unknown";
}

async function whyStale({ qemu, bootId: recorded }: DevRecord): Promise<string | undefined> {
  // Each needs a program, and a connection to the guest waits for all of them.
  const [boot, isSame, command] = await Promise.all([
    bootId(),
    isSameProcess(qemu),
    commandOf(qemu.pid),
  ]);
  if (recorded !== boot) return "the host was restarted since";
  if (!isSame) return `its QEMU (process ${qemu.pid}) has ended`;
  // A process that became another program keeps its pid and its start time.
  const isSameCommand = command?.join("\0") === qemu.command.join("\0");
  return isSameCommand ? undefined : `process ${qemu.pid} runs another command now`;
}

/** The words of a process's command line; `undefined` if there is no such process. */
export async function commandOf(pid: number): Promise<string[] | undefined> {
  if (Deno.build.os === "linux") {
    // Deno itself opens nothing below /proc without all permissions.
    const { code, stdout } = await run(["cat", `/proc/${pid}/cmdline`]);
    return code === 0 && stdout !== "" ? stdout.replace(/\0$/, "").split("\0") : undefined;
  }
  // ps joins the words with blanks, and so they are recorded there.
  const { code, stdout } = await run(["ps", "-ww", "-o", "args=", "-p", String(pid)]);
  return code === 0 ? [stdout.trim()] : undefined;
}

/** What identifies a running process. */
export const recordProcess = async (pid: number): Promise<RecordedProcess> => ({
  pid,
  startTime: await processStartTime(pid) ?? "",
  command: await commandOf(pid) ?? [],
});

/** Removes the leftovers of a guest that has ended: its record and its sockets. */
export async function clearRecord(record: DevRecord): Promise<void> {
  await removeAll(record.socketDir);
  await removeAll(devFile(record.name, "record"));
}

/** The record of a running guest. A stale one is cleared and reported, under the guest's lock. */
export async function settleState(
  name: string,
  onNote: (text: string) => void,
): Promise<DevRecord | undefined> {
  await closeDevDir(name);
  const state = await devState(name);
  if (state.kind !== "stale") return state.kind === "running" ? state.record : undefined;
  onNote(`Cleared an old record of guest "${name}": ${state.why}`);
  await clearRecord(state.record);
  return undefined;
}
