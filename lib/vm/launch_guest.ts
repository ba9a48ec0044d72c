import { join } from "@std/path";
import { RUN_FILES } from "../base/files/paths.ts";
import { processStartTime } from "../base/process/start_time.ts";
import { startClock } from "../base/time/clock.ts";
import { createRun, type RunDir, type RunRecord, writeRecord } from "../guest/runs.ts";
import { incomingArgs } from "../qemu/args.ts";
import { type Guest, startGuest } from "../qemu/launch.ts";
import { createOverlay } from "../qemu/overlay.ts";
import { watchGuest } from "../qemu/watch_guest.ts";
import type { GuestHost } from "./host.ts";
import { type GuestPlace, guestStart, type MachineProcess } from "./machine.ts";
import type { Snapshot } from "./snapshots.ts";

/** The name of the socket of a guest's serial console, if it takes input. */
export const CONSOLE_SOCKET = "console";

/** A guest, with everything in which one differs from another. */
export interface LaunchPlan extends MachineProcess {
  /** Also the platform of its run, and what its snapshots lie under. */
  readonly name: string;
  readonly host: GuestHost;
  readonly signal: AbortSignal;
  /** The disk that its overlay lies on. */
  readonly disk: string;
  /** For a guest that persists: it writes to the disk itself. Default: a new run, on an overlay. */
  readonly home?: Pick<GuestPlace, "dir" | "socketDir">;
  /** What boots it, as QEMU's arguments. May write files into its directory. */
  readonly boot: (dir: string) => Promise<readonly string[]>;
  /** Whether the serial console takes input, through the run's socket {@link CONSOLE_SOCKET}. */
  readonly serial?: boolean;
  /** Starts a program that serves the guest, with a log of its own. */
  readonly helper?: {
    readonly log: string;
    readonly start: (socketDir: string) => Promise<AsyncDisposable>;
  } | undefined;
  /** What its record says besides; without it, nothing is on record of it. */
  readonly record?: Pick<RunRecord, "user" | "imageDir" | "network">;
}

/** A guest that runs, and that has not answered yet. Disposal ends it and removes its run. */
export interface LaunchedGuest extends AsyncDisposable {
  readonly place: GuestPlace;
  readonly guest: Guest;
  /** Written by now, once this resolves; `undefined` for a guest without a record. */
  readonly record: Promise<RunRecord | undefined>;
  /** Aborts when the guest is stopped for good, such as by a full disk of the host. */
  readonly failed: AbortSignal;
  /** Aborts with the task, or when the guest is stopped for good. */
  readonly signal: AbortSignal;
  /** Seconds since the launch. */
  readonly clock: () => number;
  /** Path of the guest's socket of that name. */
  socket(name: string): string;
  /** Keeps the overlay, for a snapshot. */
  releaseOverlay(): void;
  /** Keeps the overlay and the run, for a guest that outlives the task. */
  leave(): void;
}

/** The files of a snapshot. */
type SnapshotPaths = Pick<Snapshot, "memory" | "state" | "disk">;

/** Starts a guest: from a snapshot, or else booting; into the files of a new snapshot, if told. */
export async function launchGuest(
  plan: LaunchPlan,
  how: { readonly from?: SnapshotPaths; readonly into?: SnapshotPaths } = {},
): Promise<LaunchedGuest> {
  const { name, signal, logs, helper, home } = plan;
  const { from, into } = how;
  await using stack = new AsyncDisposableStack();
  const clock = startClock();
  const run = home === undefined ? stack.use(await createRun(name)) : undefined;
  const { dir, socketDir } = home ?? run!;
  const overlay = run && stack.use(
    await createOverlay({
      ...{ name, signal },
      backing: from?.disk ?? plan.disk,
      frozen: from !== undefined,
      path: into?.disk ?? join(dir, RUN_FILES.overlay),
    }),
  );
  if (helper !== undefined) stack.use(await helper.start(socketDir));
  const place = { dir, socketDir, disk: overlay?.path ?? plan.disk };
  const consoleSocket = plan.serial ? join(socketDir, CONSOLE_SOCKET) : plan.consoleSocket;
  const guest = stack.use(
    await startGuest(guestStart({ ...plan, consoleSocket }, place, {
      boot: from === undefined ? await plan.boot(dir) : incomingArgs(),
      memoryFile: from !== undefined
        ? { path: from.memory, mode: "private" }
        : into !== undefined
        ? { path: into.memory, mode: "write" }
        : undefined,
    })),
  );
  const otherLogs = helper === undefined ? [] : [helper.log];
  const watch = run && stack.use(await watchGuest({ ...guest, logs, otherLogs }));
  const failed = watch?.failed ?? new AbortController().signal;
  // On record as soon as it runs, so that a sweep after a kill finds it; the guest itself
  // does not wait for that.
  const record = putOnRecord(plan, guest, run, from?.disk);
  // Before its directory goes.
  stack.defer(() => record.then(() => {}, () => {}));
  const resources = stack.move();
  return {
    ...{ place, guest, record, failed, clock },
    signal: AbortSignal.any([signal, failed]),
    socket: (name) => join(socketDir, name),
    releaseOverlay: () => overlay?.release(),
    leave() {
      overlay?.release();
      run?.leave();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function putOnRecord(
  { name, host, memoryMiB, cores, logs, record }: LaunchPlan,
  { pid, sshPort = 0 }: Guest,
  run: RunDir | undefined,
  backing: string | undefined,
): Promise<RunRecord | undefined> {
  if (record === undefined || run === undefined) return undefined;
  const whole: RunRecord = {
    ...{ id: run.id, socketDir: run.socketDir, platform: name, pid, sshPort, backing, ...record },
    ...{ accelerator: host.accelerator, memoryMiB, cores },
    kept: false,
    started: new Date().toISOString(),
    console: logs.console,
    startTime: await processStartTime(pid) ?? "",
  };
  await writeRecord(whole);
  return whole;
}
