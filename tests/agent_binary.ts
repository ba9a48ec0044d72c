import { assert } from "@std/assert";
import { delay } from "../lib/base/time/wait.ts";
import { AgentClient } from "../lib/guest/agent/client.ts";

const CRATE = new URL("../images/guest-agent", import.meta.url).pathname;
/** Debian's comes first: it is the one that the images are built with. */
const CARGOS = ["/usr/bin/cargo", "cargo"];

let built: Promise<string> | undefined;

/** The agent for this host, built once per run; its path. */
export function agentBinary(): Promise<string> {
  return built ??= build();
}

/**
 * `GUESTHOUSE_AGENT_TARGET` names a folder for cargo that outlives the run; without it the build
 * is made anew, in a folder that goes with the run.
 */
async function build(): Promise<string> {
  const kept = Deno.env.get("GUESTHOUSE_AGENT_TARGET");
  const target = kept ?? await Deno.makeTempDir({ prefix: "guesthouse-agent-" });
  if (kept === undefined) {
    globalThis.addEventListener("unload", () => Deno.removeSync(target, { recursive: true }));
  }
  for (const cargo of CARGOS) {
    try {
      const rustc: Record<string, string> = cargo === "cargo" ? {} : { RUSTC: "/usr/bin/rustc" };
      const { success, stderr } = await new Deno.Command(cargo, {
        args: ["build", "--release", "--locked", "--quiet"],
        cwd: CRATE,
        env: { ...rustc, CARGO_TARGET_DIR: target },
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      return `${target}/release/guest-agent`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error("Cannot test the agent: there is no cargo. Install rustc-web and cargo-web");
}

/** An agent that runs on this host, with its sockets in a folder of its own. */
export interface RunningAgent extends AsyncDisposable {
  readonly pid: number;
  readonly socket: string;
  readonly events: string;
  /** A folder for the test's files. */
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
 * folder.
 */
export async function startAgent(...wrapper: readonly string[]): Promise<RunningAgent> {
  const binary = await agentBinary();
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
async function outputOf(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args }).output();
  return new TextDecoder().decode(stdout).trim();
}

/** `bytes` of data that do not repeat within a frame. */
export function* pattern(bytes: number): Generator<Uint8Array> {
  const block = crypto.getRandomValues(new Uint8Array(65_521));
  for (let left = bytes; left > 0; left -= block.length) {
    block[left % block.length]!++;
    yield block.slice(0, Math.min(left, block.length));
  }
}
