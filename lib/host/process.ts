import { dirname, fromFileUrl, join, resolve } from "@std/path";
import { HostError, TaskError } from "../cli/errors.ts";
import { findProgram } from "./find_program.ts";
import { refuseOpenTemp } from "./others_write.ts";

/** Debian keeps chroot and depmod here, which is not on the PATH of ordinary users. */
const SYSTEM_PROGRAMS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const SUPERVISOR = join(dirname(fromFileUrl(import.meta.url)), "supervise.sh");

/** How a process ended: its exit code, or 128 + the number of the signal that ended it. */
export interface ProcessStatus {
  readonly code: number;
  readonly success: boolean;
}

/** Where a process runs and where its output goes. */
export interface SpawnOptions {
  readonly cwd?: string;
  /** Added to the task's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A file for stdin, which is removed once the process has it open; without it, stdin is empty. */
  readonly input?: string;
  /** A file to which stdout and stderr are appended; the process can then outlive the task. */
  readonly output?: string;
  /** Default `"null"`. */
  readonly stdout?: "piped" | "null" | "inherit";
  /** Default `"null"`. */
  readonly stderr?: "piped" | "null" | "inherit";
  /** How long the process may take to end after a TERM before it is killed. Default 2000. */
  readonly graceMs?: number;
}

/**
 * A child process that dies with this task, whichever way the task ends: disposal, an error,
 * a signal, or `kill -9`. See `supervise.sh` for the mechanism.
 */
export interface OwnedProcess extends AsyncDisposable {
  /** The pid of the supervisor; a TERM to it ends the process, whose status it then reports. */
  readonly pid: number;
  readonly status: Promise<ProcessStatus>;
  /** Throws unless spawned with `stdout: "piped"`. */
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Throws unless spawned with `stderr: "piped"`. */
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Ends the whole process group (TERM, then KILL after the grace time) and waits for it. */
  stop(): Promise<ProcessStatus>;
  /** Lets the process outlive this task and disposal. It must have been spawned with `output`. */
  release(): Promise<void>;
}

/**
 * Starts a program under the supervisor. Throws {@link HostError} when it cannot be found, and
 * `NotCapable` when the task's permission set does not name it.
 */
export function spawnOwned(command: readonly string[], options: SpawnOptions = {}): OwnedProcess {
  const program = command[0];
  if (program === undefined) throw new TypeError("Cannot spawn an empty command");
  const searchPath = options.env?.PATH ?? Deno.env.get("PATH") ?? "";
  const programDir = dirname(requireProgram(program, searchPath, options.cwd));
  const { input = "", output = "", graceMs = 2000 } = options;
  // Says why it cannot be written, and asks the permission set, which the supervisor would not.
  if (output !== "") Deno.openSync(output, { append: true, create: true }).close();
  const child = new Deno.Command("sh", {
    args: [SUPERVISOR, String(Math.ceil(graceMs)), input, output, ...command],
    cwd: options.cwd,
    env: { ...options.env, PATH: [searchPath, ...SYSTEM_PROGRAMS, programDir].join(":") },
    // The lifeline. It closes when this process ends, whatever ended it.
    stdin: "piped",
    stdout: options.stdout ?? "null",
    stderr: options.stderr ?? "null",
    // A session of its own: see supervise.sh.
    detached: true,
  }).spawn();
  const lifeline = child.stdin.getWriter();
  // The supervisor may end first; a broken lifeline is then the expected state.
  lifeline.closed.catch(() => {});
  let released = false;
  let over = false;
  const status = child.status.then((ended) => {
    over = true;
    return { code: ended.code, success: ended.success };
  });
  const cut = async () => {
    if (!over) await lifeline.close().catch(() => {});
  };
  return {
    pid: child.pid,
    status,
    get stdout() {
      return child.stdout;
    },
    get stderr() {
      return child.stderr;
    },
    async stop() {
      await cut();
      return await status;
    },
    async release() {
      await lifeline.write(new TextEncoder().encode("keep\n"));
      released = true;
      await lifeline.close();
      child.unref();
    },
    async [Symbol.asyncDispose]() {
      if (released) return;
      await cut();
      await status;
      await lifeline.close().catch(() => {});
    },
  };
}

/**
 * The path of a program that is there and that this task may run. Every program runs under the
 * supervisor, which Deno sees as `sh`; so that a task's permission set still bounds what it can
 * start, the set is asked about the program itself.
 */
function requireProgram(program: string, searchPath: string, cwd = "."): string {
  const name = program.includes("/") ? resolve(cwd, program) : program;
  const path = findProgram(name, searchPath)?.path;
  if (path === undefined) {
    throw new HostError(`Cannot run "${program}": it is not installed`, {
      next: "deno task check --install",
    });
  }
  if (Deno.permissions.querySync({ name: "run", command: path }).state !== "granted") {
    throw new Deno.errors.NotCapable(
      `Requires run access to "${program}", run again with the --allow-run flag`,
    );
  }
  return path;
}

/** What {@link run} takes besides the command. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Text or bytes for the program's stdin; without it, stdin is empty. */
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  /** After this the program is ended and a `TimeoutError` thrown. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each piece of output as it arrives. */
  readonly onOutput?: (text: string, stream: "stdout" | "stderr") => void;
  readonly graceMs?: number;
}

/** The whole output of a finished program. */
export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end and captures its output. A non-zero status is not an error here:
 * see {@link runChecked}. Throws what {@link spawnOwned} does, the signal's reason when aborted,
 * and a `TimeoutError` after `timeoutMs`.
 */
export async function run(
  command: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const program = command[0] ?? "";
  // The supervisor's own stdin is the lifeline, so input comes by a file.
  await using input = await openInput(options.stdin);
  options.signal?.throwIfAborted();
  const child = spawnOwned(command, {
    cwd: options.cwd,
    env: options.env,
    input: input?.path,
    stdout: "piped",
    stderr: "piped",
    graceMs: options.graceMs,
  });
  let timedOut = false;
  const end = () => void child.stop();
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs);
  options.signal?.addEventListener("abort", end, { once: true });
  try {
    const [stdout, stderr, status] = await Promise.all([
      collect(child.stdout, child.status, (text) => options.onOutput?.(text, "stdout")),
      collect(child.stderr, child.status, (text) => options.onOutput?.(text, "stderr")),
      child.status,
    ]);
    options.signal?.throwIfAborted();
    if (timedOut) {
      throw new DOMException(
        `"${program}" did not finish within ${options.timeoutMs} ms`,
        "TimeoutError",
      );
    }
    return { code: status.code, stdout, stderr };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", end);
    await child[Symbol.asyncDispose]();
  }
}

/** As {@link run}, but a non-zero status throws, with the last lines of stderr as details. */
export async function runChecked(
  command: readonly string[],
  options: RunOptions & { readonly what: string; readonly next?: string },
): Promise<RunResult> {
  const result = await run(command, options);
  if (result.code !== 0) {
    const tail = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-12);
    throw new TaskError(
      1,
      `Cannot ${options.what}: ${command[0]} exited with status ${result.code}`,
      { details: tail, next: options.next },
    );
  }
  return result;
}

async function openInput(stdin: RunOptions["stdin"]) {
  if (stdin === undefined) return undefined;
  const path = await Deno.makeTempFile({ prefix: "guesthouse-stdin-" });
  await refuseOpenTemp(path);
  if (typeof stdin === "string") await Deno.writeTextFile(path, stdin);
  else await Deno.writeFile(path, stdin);
  return {
    path,
    async [Symbol.asyncDispose]() {
      // Only there if the program was never started.
      await Deno.remove(path).catch(() => {});
    },
  };
}

/**
 * How long output is waited for once the program has ended. All it wrote is there by then, but a
 * daemon that it left behind (a shared SSH connection) may hold the pipe open for ever.
 */
const DRAIN_MS = 1000;

/** All text of a stream, up to its end or until shortly after `ended`. */

async function collect(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ended: Promise<unknown>,
  onText: (text: string) => void,
): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let all = "";
  const take = (text: string) => {
    if (text === "") return;
    all += text;
    onText(text);
  };
  let drain: ReturnType<typeof setTimeout> | undefined;
  let open = true;
  ended.then(() => {
    if (open) drain = setTimeout(() => reader.cancel().catch(() => {}), DRAIN_MS);
  });
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      take(decoder.decode(part.value, { stream: true }));
    }
    take(decoder.decode());
    return all;
  } finally {
    open = false;
    clearTimeout(drain);
    await reader.cancel();
  }
}

/**
 * The start time of a process in clock ticks since boot (field 22 of `/proc/PID/stat`), or the
 * text that `ps` gives on macOS. Together with the pid it names one process for ever, whereas
 * the pid alone is reused. `undefined` when there is no such process, or it is a zombie.
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  if (Deno.build.os === "linux") {
    // Deno itself opens nothing below /proc without all permissions.
    const { stdout: stat } = await run(["sh", "-c", 'cat "/proc/$0/stat"', String(pid)]);
    // The command name may hold spaces and parentheses, so fields are counted after its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  }
  const { code, stdout } = await run(["ps", "-o", "lstart=", "-p", String(pid)]);
  return code === 0 ? stdout.trim() || undefined : undefined;
}
