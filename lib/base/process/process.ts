import { dirname, resolve } from "@std/path";
import { BoundedText, TAIL_CHARS } from "../text/bounded_text.ts";
import { HostError, TaskError } from "../errors.ts";
import { cleanEnvironment, wholeEnvironment } from "./clean_environment.ts";
import { findProgram } from "./find_program.ts";
import { ownScript, refusedScript } from "./own_script.ts";
import { refuseOpenTemp } from "../files/others_write.ts";

/** Debian keeps chroot and depmod here, which is not on the PATH of ordinary users. */
const SYSTEM_PROGRAMS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const SUPERVISOR = ownScript("supervise.sh", import.meta.url);

/** How a process ended: its exit code, or 128 + the number of the signal that ended it. */
export interface ProcessStatus {
  readonly code: number;
  readonly success: boolean;
}

/** Where a process runs and where its output goes. */
export interface SpawnOptions {
  readonly cwd?: string;
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * `"clean"`: what {@link cleanEnvironment} lets through for the program, or for another that it
   * starts (`of`); `"user"`: the task's own, for what runs on the user's behalf. Default `"clean"`.
   */
  readonly environment?: "clean" | "user" | { readonly of: string };
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
  /** Lets the process outlive this task and disposal. It must have been spawned without pipes. */
  release(): Promise<void>;
}

/**
 * Starts a program under the supervisor. Throws {@link HostError} when it cannot be found or the
 * supervisor be executed, and `NotCapable` when the task's permission set does not name it.
 */
export function spawnOwned(command: readonly string[], options: SpawnOptions = {}): OwnedProcess {
  const program = command[0];
  if (program === undefined) throw new TypeError("Cannot spawn an empty command");
  const searchPath = options.env?.PATH ?? Deno.env.get("PATH") ?? "";
  const programDir = dirname(requireProgram(program, searchPath, options.cwd));
  const { input = "", output = "", graceMs = 2000 } = options;
  // Says why it cannot be written, and asks the permission set, which the supervisor would not.
  if (output !== "") Deno.openSync(output, { append: true, create: true }).close();
  const { environment = "clean" } = options;
  const isClean = environment !== "user";
  const whole = isClean ? undefined : wholeEnvironment(command, options.env);
  const needy = typeof environment === "object" ? environment.of : program;
  const env = whole?.env ?? { ...cleanEnvironment(needy), ...options.env };
  const child = spawnSupervisor({
    args: [String(Math.ceil(graceMs)), input, output, ...whole?.command ?? command],
    cwd: options.cwd,
    clearEnv: isClean,
    env: { ...env, PATH: [searchPath, ...SYSTEM_PROGRAMS, programDir].join(":") },
    // The lifeline. It closes when this process ends, whatever ended it.
    stdin: "piped",
    stdout: options.stdout ?? "null",
    stderr: options.stderr ?? "null",
    // A session of its own: see supervise.sh.
    detached: true,
  });
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

function spawnSupervisor(options: Deno.CommandOptions): Deno.ChildProcess {
  try {
    return new Deno.Command(SUPERVISOR, options).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) throw refusedScript(SUPERVISOR, error);
    throw error;
  }
}

/**
 * The path of a program that is there and that this task may run. Deno sees the supervisor alone;
 * so that a task's permission set still bounds what it can start, the set is asked about the program
 * itself.
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
export interface RunOptions extends Pick<SpawnOptions, "cwd" | "env" | "environment" | "graceMs"> {
  /** Text or bytes for the program's stdin; without it, stdin is empty. */
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  /** After this the program is ended and a `TimeoutError` thrown. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each piece of output as it arrives. */
  readonly onOutput?: (text: string, stream: "stdout" | "stderr") => void;
  /**
   * How much of stdout the result holds: `"whole"`, and a program that prints more than
   * {@link MAX_STDOUT_CHARS} is ended with an error; or `"tail"`, the end alone. Default `"whole"`.
   */
  readonly stdout?: "whole" | "tail";
}

/** What a program may print where its whole output is wanted: a list of a million files. */
const MAX_STDOUT_CHARS = 64 * 1024 * 1024;

/** The output of a finished program. */
export interface RunResult {
  readonly code: number;
  /** See {@link RunOptions.stdout}. */
  readonly stdout: string;
  /** The end of it, {@link TAIL_CHARS} characters. */
  readonly stderr: string;
}

/** A program has printed more than {@link MAX_STDOUT_CHARS}. */
export class OutputTooLongError extends TaskError {
  override name = "OutputTooLongError";
  constructor(program: string) {
    const mib = MAX_STDOUT_CHARS / 2 ** 20;
    super(1, `Cannot read what "${program}" prints: it is more than ${mib} MiB`);
  }
}

/**
 * Runs a program to its end and captures its output. A non-zero status is not an error here;
 * it is to `$`. Throws what {@link spawnOwned} does, the signal's reason when aborted,
 * a `TimeoutError` after `timeoutMs`, and {@link OutputTooLongError}.
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
    ...pick(options),
    input: input?.path,
    stdout: "piped",
    stderr: "piped",
  });
  const isWhole = options.stdout !== "tail";
  const stdout = new BoundedText(isWhole ? MAX_STDOUT_CHARS : TAIL_CHARS);
  const stderr = new BoundedText(TAIL_CHARS);
  let timedOut = false;
  const end = () => void child.stop();
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs);
  options.signal?.addEventListener("abort", end, { once: true });
  try {
    const [status] = await Promise.all([
      child.status,
      forward(child.stdout, child.status, (text) => {
        stdout.push(text);
        if (isWhole && stdout.isCut) throw new OutputTooLongError(program);
        options.onOutput?.(text, "stdout");
      }),
      forward(child.stderr, child.status, (text) => {
        stderr.push(text);
        options.onOutput?.(text, "stderr");
      }),
    ]);
    options.signal?.throwIfAborted();
    if (timedOut) {
      throw new DOMException(
        `"${program}" did not finish within ${options.timeoutMs} ms`,
        "TimeoutError",
      );
    }
    return { code: status.code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", end);
    await child[Symbol.asyncDispose]();
  }
}

function pick({ cwd, env, environment, graceMs }: RunOptions): SpawnOptions {
  return { cwd, env, environment, graceMs };
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

/** Hands on the text of a stream, up to its end or until shortly after `ended`. */
async function forward(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ended: Promise<unknown>,
  onText: (text: string) => void,
): Promise<void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const take = (text: string) => {
    if (text !== "") onText(text);
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
    const { stdout: stat } = await run(["cat", `/proc/${pid}/stat`]);
    // The command name may hold spaces and parentheses, so fields are counted after its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  }
  const { code, stdout } = await run(["ps", "-o", "lstart=", "-p", String(pid)]);
  return code === 0 ? stdout.trim() || undefined : undefined;
}
