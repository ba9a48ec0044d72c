import { dirname, resolve } from "@std/path";
import { HostError } from "../errors.ts";
import { cleanEnvironment, wholeEnvironment } from "./clean_environment.ts";
import { findProgram } from "./find_program.ts";
import { ownScript, refusedScript } from "./own_script.ts";

/** Debian keeps chroot and depmod here, which is not on the PATH of ordinary users. */
const SYSTEM_PROGRAMS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const SUPERVISOR = ownScript("supervise.sh", import.meta.url);

/** How a process ended: its exit code, or 128 + the number of the signal that ended it. */
export interface ProcessStatus {
  readonly code: number;
  readonly success: boolean;
}

export interface SpawnOptions {
  readonly cwd?: string;
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The variables of {@link cleanEnvironment} (for the program `of`), or all of the user's. */
  readonly environment?: "clean" | "user" | { readonly of: string };
  /** A file for stdin, which is removed once the process has it open; without it, stdin is empty. */
  readonly input?: string;
  /** A file to which stdout and stderr are appended; the process can then outlive the task. */
  readonly output?: string;
  /** Default `"null"`. */
  readonly stdout?: "piped" | "null";
  /** Default `"null"`. */
  readonly stderr?: "piped" | "null";
  /** How long the process may take to end after a TERM before it is killed. Default 2000. */
  readonly graceMs?: number;
  /** A variable of `env`: what has it stays when the command ends, unless that was stopped. */
  readonly leaves?: string;
}

/** A child process that ends when this task does, in any way: see `supervise.sh`. */
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
 * Starts a program under the supervisor. Throws {@link HostError} if it is missing or cannot be
 * started, `NotCapable` if the permission set does not name it.
 */
export function spawnOwned(command: readonly string[], options: SpawnOptions = {}): OwnedProcess {
  const program = command[0];
  if (program === undefined) throw new TypeError("Cannot spawn an empty command");
  const searchPath = options.env?.PATH ?? Deno.env.get("PATH") ?? "";
  const programDir = dirname(requireProgram(program, searchPath, options.cwd));
  const { input = "", output = "", graceMs = 2000, leaves } = options;
  const mark = leaves === undefined ? "" : `${leaves} ${options.env?.[leaves]}`;
  // Says why it cannot be written, and asks the permission set, which the supervisor would not.
  if (output !== "") Deno.openSync(output, { append: true, create: true }).close();
  const { environment = "clean" } = options;
  const isClean = environment !== "user";
  const whole = isClean ? undefined : wholeEnvironment(command, options.env);
  const needy = typeof environment === "object" ? environment.of : program;
  const env = whole?.env ?? { ...cleanEnvironment(needy), ...options.env };
  const child = spawnSupervisor({
    args: [String(Math.ceil(graceMs)), input, output, mark, ...whole?.command ?? command],
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
    // What it has left may hold the pipes for longer than this task lives.
    if (leaves !== undefined) child.unref();
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
 * The path of an existing program that this task may run. Deno sees only the supervisor, so the
 * permission set is asked about the program itself.
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
