import { GuestError } from "../cli/errors.ts";
import type { AgentClient } from "../guest/agent/client.ts";
import { writeAll } from "../host/write_all.ts";
import { AgentError } from "../guest/agent/errors.ts";
import type { Variant } from "../image/parts/artifact.ts";
import { startLogs } from "./log_files.ts";
import { type OpenMicroOptions, openMicroVm } from "./micro_vm.ts";

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

/** A file that goes into the guest before the command, or comes out after it. */
export interface FileTransfer {
  readonly host: string;
  readonly guest: string;
}

/** What {@link runInMicroVm} runs. */
export interface MicroCommand {
  readonly argv: readonly string[];
  readonly timeoutMs?: number | undefined;
  readonly uploads: readonly FileTransfer[];
  readonly downloads: readonly FileTransfer[];
}

/** What shells make of a program that is not there, or cannot be run. */
const STATUS_OF: Readonly<Record<string, number>> = { ENOENT: 127, EACCES: 126, ENOEXEC: 126 };

/**
 * Runs a command in a microVM of its own with this task's standard streams, and returns its status;
 * 128 and the signal's number where one has ended it.
 */
export async function runInMicroVm(
  request: Omit<OpenMicroOptions, "logs" | "onNote"> & {
    /** Told what the user should know of the start. */
    readonly onWarning: (text: string) => void;
  },
  command: MicroCommand,
): Promise<number> {
  const { variant, arch, signal } = request;
  await using logs = await startLogs(`vm-run-${variant}-${arch}`);
  await using vm = await openMicroVm({
    ...{ ...request, logs },
    onNote(text, level) {
      logs.write(`== ${text}\n`);
      if (level === "warning") request.onWarning(text);
    },
  });
  logs.write(`== agent ready after ${vm.bootSeconds} s, ${vm.start}, kernel: ${vm.kernel}\n`);
  const { agent } = vm;
  for (const { host, guest } of command.uploads) {
    using file = await Deno.open(host, { read: true });
    const mode = ((await file.stat()).mode ?? 0o644) & 0o7777;
    await agent.writeFile(guest, chunks(file), { parents: true, mode, signal });
  }
  const status = await execute(vm.agent, command, signal);
  for (const { host, guest } of command.downloads) {
    using file = await Deno.open(host, { write: true, create: true, truncate: true });
    await agent.readFile(guest, (bytes) => writeAll(file, bytes), { signal });
  }
  return status;
}

async function execute(
  agent: AgentClient,
  { argv, timeoutMs }: MicroCommand,
  signal: AbortSignal,
): Promise<number> {
  try {
    const result = await agent.exec({
      ...{ argv, signal },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      // A terminal nobody types at would keep nothing waiting, but has no end either.
      ...(Deno.stdin.isTerminal() ? {} : { stdin: Deno.stdin.readable }),
      onStdout: (bytes) => writeAll(Deno.stdout, bytes),
      onStderr: (bytes) => writeAll(Deno.stderr, bytes),
    });
    if (result.timedOut) {
      throw new GuestError(
        `Cannot finish "${argv[0]}" in guest "${agent.name}": no end within ${
          (timeoutMs ?? 0) / 1000
        } s`,
        { next: "pass a longer --timeout" },
      );
    }
    if (result.oom) {
      throw new GuestError(`Cannot finish "${argv[0]}" in guest "${agent.name}": out of memory`, {
        next: "pass a larger --memory",
      });
    }
    return result.code ?? 128 + (result.signal ?? 0);
  } catch (error) {
    const status = error instanceof AgentError ? STATUS_OF[error.code] : undefined;
    if (status === undefined) throw error;
    await writeAll(Deno.stderr, new TextEncoder().encode(`${(error as Error).message}\n`));
    return status;
  }
}

/** A file as a stream that leaves it open. */
function chunks(file: Deno.FsFile): ReadableStream<Uint8Array> {
  const buffer = new Uint8Array(256 * 1024);
  return new ReadableStream({
    async pull(controller) {
      const length = await file.read(buffer);
      if (length === null) controller.close();
      else controller.enqueue(buffer.slice(0, length));
    },
  });
}
