import { delay } from "@std/async";
import { assert } from "@std/assert";
import { $ } from "../../lib/base/process/dollar.ts";
import { AgentClient } from "../../lib/guest/agent/client.ts";
import { ensurePart, partPath } from "../../lib/image/parts/part_store.ts";
import { partRecipe } from "../../lib/image/parts/recipes.ts";

const { signal } = new AbortController();

let built: Promise<string> | undefined;

/** The agent of this host's own microVMs, as a part of images: compiled once for all test files. */
async function ensureAgent(): Promise<string> {
  const part = await partRecipe({ name: "guest-agent", arch: Deno.build.arch }, signal);
  await ensurePart(part, { signal, onPhase: () => {}, log: () => {} });
  return partPath(part.outputs[0]!);
}

/** An agent that runs on this host, with its sockets in a directory of its own. */
export interface RunningAgent extends AsyncDisposable {
  readonly pid: number;
  readonly socket: string;
  readonly events: string;
  /** A directory for the test's files. */
  readonly dir: string;
  readonly status: Promise<Deno.CommandStatus>;
  /** A client of it; it is closed with the agent. */
  connect(): Promise<AgentClient>;
  kill(signal: Deno.Signal): void;
  /** Resident memory at its peak, in KiB. */
  peakKiB(): Promise<number>;
  /** Processor time that it has used, in ticks of the kernel. */
  cpuTicks(): Promise<number>;
}

/**
 * Starts an agent, by a command in front of it if there is one. Disposal ends it, and removes the
 * directory.
 */
export async function startAgent(...wrapper: readonly string[]): Promise<RunningAgent> {
  const binary = await (built ??= ensureAgent());
  const dir = await Deno.makeTempDir({ prefix: "guesthouse-agent-" });
  const socket = `${dir}/agent`;
  // The wrapper may make it another user's.
  await Deno.chmod(dir, 0o777);
  await Deno.copyFile(binary, `${dir}/guest-agent`);
  const [program, ...args] = [...wrapper, `${dir}/guest-agent`, "--socket", socket];
  const child = new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const clients: AgentClient[] = [];
  return {
    pid: child.pid,
    socket,
    events: `${socket}.events`,
    dir,
    status: child.status,
    kill: (signal) => child.kill(signal),
    async connect() {
      const client = await AgentClient.connect(socket, { name: "test", timeoutMs: 20_000 });
      clients.push(client);
      return client;
    },
    async peakKiB() {
      const status = await outputOf("cat", `/proc/${child.pid}/status`);
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
    },
    async cpuTicks() {
      const fields = (await outputOf("cat", `/proc/${child.pid}/stat`)).split(" ");
      return Number(fields[13]) + Number(fields[14]);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]();
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended, as some tests want.
      }
      await child.status;
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Waits until a condition holds; the test fails when it never does. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (!(await holds())) {
    assert(!deadline.aborted, `never: ${what}`);
    await delay(20);
  }
}

/** Whether a process is there and no zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const state = await outputOf("ps", "-o", "stat=", "-p", String(pid));
  return state !== "" && !state.startsWith("Z");
}

/** What a program prints: Deno itself reads nothing below /proc without full permissions. */
async function outputOf(...command: string[]): Promise<string> {
  return (await $`${command}`.noThrow()).stdout.trim();
}

/** `bytes` of data that do not repeat within a frame. */
export function* pattern(bytes: number): Generator<Uint8Array> {
  const block = crypto.getRandomValues(new Uint8Array(65_521));
  for (let left = bytes; left > 0; left -= block.length) {
    block[left % block.length]!++;
    yield block.slice(0, Math.min(left, block.length));
  }
}
