import { fileBytes, removeAll } from "../base/files/directories.ts";
import { dirname, join } from "@std/path";
import { GuestError, HostError } from "../base/errors.ts";
import { diagnoseCommand } from "../base/process/diagnose_command.ts";
import { fullDiskError, saysFullDisk } from "../base/files/full_disk.ts";
import { RUN_FILES } from "../base/files/paths.ts";
import { type OwnedProcess, type ProcessStatus, spawnOwned } from "../base/process/process.ts";
import {
  consoleArgs,
  messageArgs,
  nameArgs,
  pidfileArgs,
  qmpArgs,
  qmpCallArgs,
  quietArgs,
} from "./args.ts";
import { readLogTail } from "../base/files/log_tail.ts";
import { checkSocketPath, ensurePrivateDir } from "../base/files/private_dir.ts";
import type { QmpClient } from "./qmp.ts";
import { listenQmp } from "./qmp_listen.ts";
import { QmpTimeoutError } from "./qmp_errors.ts";
import { shutDown, type ShutdownDeadlines, type ShutdownRung } from "./shutdown.ts";
import { parseUsernet } from "./usernet.ts";
import { settlesWithin } from "../base/time/wait.ts";

/** The files that a guest writes while it runs. */
export interface GuestLogs {
  /** The first serial port. Emptied at the start. */
  readonly console: string;
  /** QEMU's own messages. Appended to. */
  readonly qemu: string;
}

/** What {@link startGuest} takes. */
export interface StartGuestOptions {
  /** The platform's name, for messages and the commands in them. */
  readonly name: string;
  /** The QEMU program: `qemu-system-x86_64`. */
  readonly binary: string;
  /** Machine, CPU, memory, disks, network: what {@link guestCommand} does not add itself. */
  readonly args: readonly string[];
  /** Directory for the pid file. It exists. */
  readonly runDir: string;
  /** Private directory with a short path for the QMP socket. Made if it does not exist. */
  readonly socketDir: string;
  readonly logs: GuestLogs;
  /** Words before the command, such as `unshare --user --`; that program must exec QEMU. */
  readonly wrapper?: readonly string[];
  /** Private socket for interactive use of the first serial port, besides its log. */
  readonly consoleSocket?: string;
  /** Stops the start; a running guest is stopped by disposal. */
  readonly signal?: AbortSignal;
  /** How long QEMU may take until it answers on QMP. Default 30 000. */
  readonly startMs?: number;
}

/** How QEMU ended. */
export interface GuestExit extends ProcessStatus {
  /** The last lines that QEMU itself printed in this run. */
  readonly output: readonly string[];
}

/** A running guest. Disposal ends it at once and removes its socket and pid file. */
export interface Guest extends AsyncDisposable {
  readonly name: string;
  /** QEMU's own pid. */
  readonly pid: number;
  readonly qmp: QmpClient;
  readonly qmpPath: string;
  /** The port on 127.0.0.1 that leads to the guest's port 22, if one does. */
  readonly sshPort: number | undefined;
  readonly logs: GuestLogs;
  /** Resolves, never rejects, when QEMU has ended. */
  readonly exited: Promise<GuestExit>;
  /** Shuts the guest down cleanly, or by force if that fails; see {@link shutDown}. */
  shutdown(deadlines?: ShutdownDeadlines): Promise<ShutdownRung>;
  /** Ends QEMU at once. */
  kill(): Promise<void>;
  /** Lets the guest outlive this task: disposal then only closes the QMP connection. */
  release(): Promise<void>;
}

/** The QMP socket of a guest, in its private directory. */
export function qmpSocketPath(socketDir: string): string {
  return join(socketDir, "qmp");
}

/** The command for a guest, for `--dry-run`; {@link startGuest} adds a monitor for the task. */
export function guestCommand(options: Omit<StartGuestOptions, "signal">): string[] {
  return [
    ...(options.wrapper ?? []),
    options.binary,
    ...quietArgs(),
    ...messageArgs(),
    ...nameArgs(options.name),
    ...options.args,
    ...consoleArgs(options.logs.console, options.consoleSocket),
    ...qmpArgs(qmpSocketPath(options.socketDir)),
    ...pidfileArgs(join(options.runDir, RUN_FILES.pid)),
  ];
}

/** How long QEMU may take from closing its QMP connection to its end. */
const ENDING_MS = 2000;
/** How many of QEMU's last lines an error shows. */
const SHOWN_LINES = 12;

/**
 * Starts QEMU and waits until it answers on QMP. Throws {@link GuestError} with QEMU's output if it
 * ends first, {@link HostError} if it is not installed, or the reason of the signal, and leaves
 * nothing.
 */
export async function startGuest(options: StartGuestOptions): Promise<Guest> {
  const { name, logs, signal, startMs = 30_000 } = options;
  const qmpPath = qmpSocketPath(options.socketDir);
  const callPath = `${qmpPath}-call`;
  checkSocketPath(callPath);
  await ensurePrivateDir(options.socketDir);
  for (const log of [logs.console, logs.qemu]) {
    await Deno.mkdir(dirname(log), { recursive: true });
  }
  await removeAll(qmpPath);
  await removeAll(callPath);
  const fromByte = await fileBytes(logs.qemu);
  signal?.throwIfAborted();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => removeAll(qmpPath));
  cleanup.defer(() => removeAll(join(options.runDir, RUN_FILES.pid)));
  using listener = listenQmp(callPath);
  const command = [...guestCommand(options), ...qmpCallArgs(callPath)];
  const process = cleanup.use(spawnOwned(command, { output: logs.qemu }));
  const exited = process.status.then(async (status): Promise<GuestExit> => ({
    ...status,
    output: await readLogTail(logs.qemu, { lines: SHOWN_LINES, fromByte }).catch(() => []),
  }));
  const accepting = listener.accept({ name, deadlineMs: startMs, exited, signal });
  const qmp = cleanup.use(
    await accepting.catch(async (error) => {
      throw await startFailure(error, options, process, exited);
    }),
  );
  const facts = await readFacts(qmp, options).catch(async (error) => {
    throw await startFailure(error, options, process, exited);
  });
  return toGuest({ ...facts, name, qmp, qmpPath, logs, exited }, process, cleanup.move());
}

type GuestFacts = Omit<Guest, "shutdown" | "kill" | "release" | typeof Symbol.asyncDispose>;

async function readFacts(qmp: QmpClient, { signal, runDir }: StartGuestOptions) {
  const usernet = await qmp.execute(
    "human-monitor-command",
    { "command-line": "info usernet" },
    { signal },
  );
  const forward = parseUsernet(usernet).find(({ protocol, guestPort }) =>
    protocol === "tcp" && guestPort === 22
  );
  // QEMU writes it before it makes the QMP socket.
  const pid = Number(await Deno.readTextFile(join(runDir, RUN_FILES.pid)));
  return { pid, sshPort: forward?.hostPort };
}

function toGuest(
  facts: GuestFacts,
  process: OwnedProcess,
  resources: AsyncDisposableStack,
): Guest {
  let released = false;
  const shutdown = (deadlines?: ShutdownDeadlines) => shutDown(facts, deadlines);
  return {
    ...facts,
    shutdown,
    async kill() {
      await shutdown({ powerdownMs: 0, quitMs: 0, terminateMs: 0 });
    },
    async release() {
      await process.release();
      released = true;
    },
    async [Symbol.asyncDispose]() {
      if (released) return await facts.qmp[Symbol.asyncDispose]();
      // The resources are released even if QEMU does not end.
      await using _resources = resources;
      await shutdown({ powerdownMs: 0 });
    },
  };
}

/** The error of a failed start: that of QEMU's exit if that was the cause. */
async function startFailure(
  error: unknown,
  options: StartGuestOptions,
  process: OwnedProcess,
  exited: Promise<GuestExit>,
): Promise<unknown> {
  if (options.signal?.aborted) return options.signal.reason;
  const { name, binary, logs } = options;
  const next = diagnoseCommand(logs.qemu);
  if (error instanceof QmpTimeoutError) {
    await process.stop();
    return new GuestError(`Cannot start guest "${name}": QEMU runs, but does not answer on QMP`, {
      details: [...(await exited).output, `QEMU log: ${logs.qemu}`],
      next,
      cause: error,
    });
  }
  // A lost connection comes just before QEMU ends. Other errors have other causes.
  if (await settlesWithin(exited, ENDING_MS) === "late") return error;
  const exit = await exited;
  if (exit.code === 127 && exit.output.some((line) => line.includes("not found"))) {
    return new HostError(`Cannot start guest "${name}": "${binary}" is not installed`, {
      next: "deno task check --install",
      cause: error,
    });
  }
  const said = exit.output.find(saysFullDisk);
  if (said !== undefined) {
    return await fullDiskError(`start guest "${name}"`, { said, cause: error });
  }
  const { explainQemuOutput } = await import("./qemu_failure.ts");
  const known = explainQemuOutput(exit.output, name);
  return new GuestError(`Cannot start guest "${name}": ${known?.why ?? describeExit(exit)}`, {
    details: [...exit.output, `QEMU log: ${logs.qemu}`],
    next: known?.next ?? next,
    cause: error,
  });
}

/** How QEMU ended, as the end of a sentence. */
export function describeExit(exit: ProcessStatus): string {
  if (exit.code === 128 + 9) {
    return "QEMU was killed (signal 9), perhaps because the host ran out of memory";
  }
  if (exit.code > 128) return `QEMU died of signal ${exit.code - 128}`;
  return `QEMU exited with status ${exit.code}`;
}
