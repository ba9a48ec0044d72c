import { delay } from "@std/async";
import { copy } from "@std/fs";
import { join } from "@std/path";
import { $ } from "../../lib/base/process/dollar.ts";
import { shellQuote } from "../../lib/guest/quote.ts";
import { ensureKeys } from "../../lib/host/keys.ts";
import { imagesDir, keysDir, root, snapshotsDir } from "../../lib/base/files/paths.ts";

/** How a task that ran to its end ended. */
export interface TaskOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A private place for one test: state, logs and temporary files of the tasks that it runs. */
export interface Sandbox extends AsyncDisposable {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs a task through `deno task`, as a user does. */
  task(name: string, args?: readonly string[], options?: RunTaskOptions): Promise<TaskOutcome>;
  /** Starts a task and leaves it running. */
  start(name: string, args?: readonly string[], options?: RunTaskOptions): RunningTask;
  /** Fails the test if anything of a task is still there: processes, run directories, sockets. */
  assertClean(options?: CleanOptions): Promise<void>;
}

/** What {@link Sandbox.assertClean} looks at. */
export interface CleanOptions {
  /** Run directories and sockets, which a task that was killed leaves to the next one. Default true. */
  readonly runs?: boolean;
}

/** How {@link Sandbox.task} runs. */
export interface RunTaskOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The directory that the user calls from. */
  readonly cwd?: string;
  /** The checkout whose task it is. Default: this one. */
  readonly checkout?: string;
  /** A command that runs the command that follows it, such as `unshare`. Not with a terminal. */
  readonly wrapper?: readonly string[];
  /**
   * Run it in a terminal, for {@link RunningTask.type}. What is typed and both streams are then
   * on its standard output. Default false: it has no standard input.
   */
  readonly terminal?: boolean;
  /** After this the task is killed and the test fails. Default 5 minutes. */
  readonly timeoutMs?: number;
}

/** A task that runs beside the test. */
export interface RunningTask {
  /** The pid of `deno task`, or of the terminal that it runs in. */
  readonly pid: number;
  readonly outcome: Promise<TaskOutcome>;
  /** What it has printed so far, both streams in one. */
  output(): string;
  /** Resolves when the output matches; rejects when the task ends first. */
  waitFor(pattern: RegExp): Promise<void>;
  /** Types into its terminal. */
  type(text: string): Promise<void>;
  signal(name: Deno.Signal): void;
}

/** Makes a {@link Sandbox}; the images are the checkout's own, which tests only read. */
export async function makeSandbox(): Promise<Sandbox> {
  const dir = await Deno.makeTempDir({ prefix: "guesthouse-test-" });
  const env = {
    GUESTHOUSE_STATE: join(dir, "state"),
    GUESTHOUSE_LOGS: join(dir, "logs"),
    GUESTHOUSE_IMAGES: imagesDir(),
    // Saved once for all tests, for which they must all have the same keys.
    GUESTHOUSE_SNAPSHOTS: snapshotsDir(),
    XDG_RUNTIME_DIR: join(dir, "run"),
    NO_COLOR: "1",
  };
  await Deno.mkdir(env.GUESTHOUSE_STATE);
  await Deno.mkdir(env.XDG_RUNTIME_DIR, { mode: 0o700 });
  await ensureKeys();
  await copy(keysDir(), join(env.GUESTHOUSE_STATE, "keys"));
  const start: Sandbox["start"] = (name, args = [], options = {}) =>
    startTask(name, args, env, options);
  return {
    dir,
    env,
    start,
    task: async (name, args, options) => await start(name, args, options).outcome,
    assertClean: (options) => assertClean(dir, options),
    async [Symbol.asyncDispose]() {
      await Deno.remove(dir, { recursive: true });
    },
  };
}

function startTask(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  options: RunTaskOptions,
): RunningTask {
  const { terminal = false, checkout = root, wrapper = [] } = options;
  const deno = ["task", "--quiet", "--config", join(checkout, "deno.json"), name, ...args];
  const [program, programArgs] = terminal
    // -e passes the task's status through, -f what it shows at once.
    ? ["script", ["-qefc", shellQuote([Deno.execPath(), ...deno]), "/dev/null"]]
    : [wrapper[0] ?? Deno.execPath(), [...wrapper, Deno.execPath(), ...deno].slice(1)];
  const child = new Deno.Command(program, {
    args: programArgs,
    cwd: options.cwd ?? checkout,
    // deno task leaves a directory alone that an outer npx or task has set already.
    env: { ...env, INIT_CWD: options.cwd ?? checkout, ...options.env },
    stdin: terminal ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let both = "";
  const watchers = new Set<() => void>();
  const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    let text = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text += part;
      both += part;
      watchers.forEach((watch) => watch());
    }
    return text;
  };
  let over = false;
  const tooLong = Promise.withResolvers<never>();
  const timer = setTimeout(async () => {
    tooLong.reject(new Error(`deno task ${name} did not end in time:\n${both}`));
    // `deno task` is only the parent, and the task would outlive it.
    for (const pid of [...await childrenOf(child.pid), child.pid]) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It has already ended.
      }
    }
  }, options.timeoutMs ?? 900_000);
  const ending = (async () => {
    const [stdout, stderr, status] = await Promise.all([
      collect(child.stdout),
      collect(child.stderr),
      child.status,
    ]);
    clearTimeout(timer);
    over = true;
    watchers.forEach((watch) => watch());
    return { code: status.code, stdout, stderr };
  })();
  const outcome = Promise.race([ending, tooLong.promise]);
  outcome.catch(() => {});
  return {
    pid: child.pid,
    outcome,
    output: () => both,
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          if (pattern.test(both)) resolve();
          else if (over) reject(new Error(`deno task ${name} ended before ${pattern}:\n${both}`));
          else return;
          watchers.delete(watch);
        };
        watchers.add(watch);
        watch();
      }),
    async type(text) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(text));
      writer.releaseLock();
    },
    signal: (signal) => child.kill(signal),
  };
}

/** The pid of the task itself below `deno task`. */
export async function taskPid(parent: number): Promise<number> {
  const [pid = 0] = await childrenOf(parent);
  // 0 would be this whole group of processes to kill(2).
  if (!(pid > 0)) throw new Error(`the task below process ${parent} has ended already`);
  return pid;
}

/** The pids of a process's children. */
export async function childrenOf(pid: number): Promise<number[]> {
  return (await $`pgrep -P ${pid}`.noThrow().lines()).map(Number);
}

/** Time for what a killed task owned to be gone: its supervisors' grace, and much more. */
const SETTLE_MS = 60_000;

async function assertClean(dir: string, options: CleanOptions = {}): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  while (true) {
    const left = await processesNaming(dir);
    const runs = options.runs === false
      ? []
      : [...await filesBelow(join(dir, "run")), ...await filesBelow(join(dir, "state/runs"))];
    if (left.length + runs.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`left behind:\n${[...left, ...runs].join("\n")}`);
    }
    await delay(100);
  }
}

/** Command lines of processes that mention the sandbox, as everything does that a task starts. */
export async function processesNaming(text: string): Promise<string[]> {
  return (await $`ps -eo pid=,stat=,args=`.lines())
    .filter((line) => line.includes(text) && !/^\s*\d+\s+Z/.test(line));
}

async function filesBelow(dir: string): Promise<string[]> {
  const files: string[] = [];
  try {
    for await (const entry of Deno.readDir(dir)) {
      const path = join(dir, entry.name);
      if (entry.isDirectory) files.push(...await filesBelow(path));
      else files.push(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}
