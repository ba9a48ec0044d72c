import { GuestError, UsageError } from "../base/errors.ts";
import { plainText } from "../base/text/plain_text.ts";
import { writeStderr } from "../base/terminal/screen.ts";
import { type AgentClient, execRequestBytes } from "../guest/agent/client.ts";
import { AgentError } from "../guest/agent/agent_errors.ts";
import type { ExecResult } from "../guest/agent/messages.ts";
import { MAX_PAYLOAD } from "../guest/agent/protocol.ts";
import type { Variant } from "../config/parts.ts";
import { startLogs } from "../base/files/log_files.ts";
import { type OpenMicroOptions, openMicroVm } from "./micro_guest.ts";
import { type OutputStream, ReaderGone, sinkTo, sourceOf } from "./task_streams.ts";
import { download, type FileTransfer, upload } from "./transfers.ts";

/** How each variant runs code that is given as text. */
const EVALUATORS: Readonly<Record<Variant, readonly string[]>> = {
  raw: ["sh", "-c"],
  python: ["python3", "-c"],
  node: ["node", "-e"],
};

/** The command that runs a text as the variant's language. */
export const evalCommand = (variant: Variant, code: string): string[] => [
  ...EVALUATORS[variant],
  code,
];

/** What {@link runInMicroVm} runs. */
export interface MicroCommand {
  readonly argv: readonly string[];
  readonly timeoutMs?: number | undefined;
  readonly uploads: readonly FileTransfer[];
  readonly downloads: readonly FileTransfer[];
}

/** What {@link runCommand} works with besides the guest. */
export interface CommandPlace {
  readonly signal: AbortSignal;
  /** Called with notes for the user that the status does not show. */
  readonly onWarning: (text: string) => void;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Default: none. */
  readonly stdin?: ReadableStream<Uint8Array>;
}

/** The statuses of shells for a program that does not exist, or cannot be run. */
const STATUS_OF: Readonly<Record<string, number>> = { ENOENT: 127, EACCES: 126, ENOEXEC: 126 };
/** The status of shells for a command ended by SIGPIPE: nobody reads the rest of its output. */
const STATUS_UNREAD = 128 + 13;

/** Refuses a command that does not fit into a request to the agent. */
export function requireFit(command: Pick<MicroCommand, "argv" | "timeoutMs">): void {
  const bytes = execRequestBytes(command);
  if (bytes <= MAX_PAYLOAD) return;
  throw new UsageError(
    `Cannot run "${command.argv[0]}": the command takes ${bytes} bytes, at most ${MAX_PAYLOAD} fit`,
    { next: "pass the data with --upload FILE:/GUEST/PATH, or on standard input" },
  );
}

/** Runs a command in a new microVM on this task's streams; returns its status, or 128 + signal. */
export async function runInMicroVm(
  request: Omit<OpenMicroOptions, "logs" | "onNote"> & {
    /** Called with notes for the user about the start. */
    readonly onWarning: (text: string) => void;
  },
  command: MicroCommand,
): Promise<number> {
  const { variant, arch, signal, onWarning } = request;
  await using logs = await startLogs(`vm-run-${variant}-${arch}`);
  await using vm = await openMicroVm({
    ...{ ...request, logs },
    onNote(text, level) {
      logs.write(`== ${text}\n`);
      if (level !== "info") onWarning(text);
    },
  });
  logs.write(`== agent ready after ${vm.bootSeconds} s, ${vm.start}, kernel: ${vm.kernel}\n`);
  return await runCommand(vm.agent, command, {
    ...{ onWarning, stdout: Deno.stdout, stderr: Deno.stderr },
    signal: AbortSignal.any([signal, vm.failed]),
    // A terminal at which nobody types blocks nothing, but does not end either.
    ...(Deno.stdin.isTerminal() ? {} : { stdin: Deno.stdin.readable }),
  });
}

/**
 * Runs a command with its files. If it fails, a file that cannot be downloaded is only a warning.
 */
export async function runCommand(
  agent: Pick<AgentClient, "name" | "exec" | "readFile" | "writeFile">,
  command: MicroCommand,
  place: CommandPlace,
): Promise<number> {
  const { signal, onWarning } = place;
  for (const transfer of command.uploads) await upload(agent, transfer, signal);
  const status = await execute(agent, command, place);
  for (const transfer of command.downloads) {
    try {
      await download(agent, transfer, signal);
    } catch (error) {
      if (status === 0 || !(error instanceof AgentError)) throw error;
      onWarning(error.message);
    }
  }
  return status;
}

async function execute(
  agent: Pick<AgentClient, "name" | "exec">,
  command: MicroCommand,
  { signal, stdin, stdout, stderr, onWarning }: CommandPlace,
): Promise<number> {
  const { argv, timeoutMs } = command;
  try {
    const result = await agent.exec({
      ...{ argv, signal },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(stdin === undefined ? {} : { stdin: sourceOf(stdin, "standard input") }),
      onStdout: sinkTo(stdout, "standard output", signal),
      onStderr: sinkTo(stderr, "standard error", signal),
    });
    return statusOf(result, command, agent.name, onWarning);
  } catch (error) {
    if (error instanceof ReaderGone) return STATUS_UNREAD;
    const status = error instanceof AgentError ? STATUS_OF[error.code] : undefined;
    if (status === undefined) throw error;
    writeStderr(`${plainText((error as Error).message)}\n`);
    return status;
  }
}

/** The status of a command that has ended. Throws `GuestError` for one that was killed. */
function statusOf(
  { code, signal, timedOut, oom }: ExecResult,
  { argv, timeoutMs }: MicroCommand,
  guest: string,
  onWarning: (text: string) => void,
): number {
  const what = `Cannot finish "${argv[0]}" in guest "${guest}"`;
  if (timedOut) {
    throw new GuestError(`${what}: no end within ${(timeoutMs ?? 0) / 1000} s`, {
      next: "pass a longer --timeout",
    });
  }
  const status = code ?? 128 + (signal ?? 0);
  // Shells return 137 if KILL ended the program that they waited for.
  if (oom && status === 137) {
    throw new GuestError(`${what}: out of memory`, { next: "pass a larger --memory" });
  }
  if (oom) {
    onWarning(
      `guest "${guest}" ran out of memory and killed a process of "${argv[0]}": ` +
        "pass a larger --memory",
    );
  }
  return status;
}
