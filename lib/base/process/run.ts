import { TaskError } from "../errors.ts";
import { makeTemp } from "../files/temp.ts";
import { BoundedText, TAIL_CHARS } from "../text/bounded_text.ts";
import { type SpawnOptions, spawnOwned } from "./process.ts";

/** What {@link run} takes besides the command. */
export interface RunOptions
  extends Pick<SpawnOptions, "cwd" | "env" | "environment" | "graceMs" | "leaves"> {
  /** Text or bytes for the program's stdin; without it, stdin is empty. */
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  /** After this the program is ended and a `TimeoutError` thrown. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each piece of output as it arrives. */
  readonly onOutput?: (text: string, stream: "stdout" | "stderr") => void;
  /** The same as bytes. */
  readonly onBytes?: (piece: Uint8Array) => void;
  /** All of stdout, up to {@link MAX_STDOUT_CHARS}, or only its end. Default `"whole"`. */
  readonly stdout?: "whole" | "tail";
  /** How stdout is read, piece by piece. Default: as UTF-8. */
  readonly decode?: (piece: Uint8Array) => string;
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
 * Runs a program and captures its output. A non-zero status is no error (for `$` it is). Throws
 * what {@link spawnOwned} does, the signal's reason, a `TimeoutError`, and {@link
 * OutputTooLongError}.
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
      forward(child.stdout, child.status, options, (text) => {
        stdout.push(text);
        if (isWhole && stdout.isCut) throw new OutputTooLongError(program);
        options.onOutput?.(text, "stdout");
      }, options.decode),
      forward(child.stderr, child.status, options, (text) => {
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

function pick({ cwd, env, environment, graceMs, leaves }: RunOptions): SpawnOptions {
  return { cwd, env, environment, graceMs, leaves };
}

async function openInput(stdin: RunOptions["stdin"]) {
  if (stdin === undefined) return undefined;
  const path = await makeTemp((dir) => Deno.makeTempFile({ dir, prefix: "guesthouse-stdin-" }));
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

/** How long to wait for output after the end: a daemon left behind may hold the pipe open. */
const DRAIN_MS = 1000;

/**
 * Hands on the text of a stream, up to its end or until shortly after `ended`. What a command leaves
 * may write on: a pipe that nobody reads would end it.
 */
async function forward(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ended: Promise<unknown>,
  { onBytes, leaves }: Pick<RunOptions, "onBytes" | "leaves">,
  onText: (text: string) => void,
  decode?: RunOptions["decode"],
): Promise<void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const take = (text: string) => {
    if (text !== "") onText(text);
  };
  const late = Promise.withResolvers<void>();
  let drain: ReturnType<typeof setTimeout> | undefined;
  let open = true;
  ended.then(() => {
    if (open) drain = setTimeout(late.resolve, DRAIN_MS);
  });
  const reading = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (!open) continue;
      onBytes?.(part.value);
      take(decode?.(part.value) ?? decoder.decode(part.value, { stream: true }));
    }
  })();
  try {
    await Promise.race([reading, late.promise]);
    open = false;
    take(decoder.decode());
  } finally {
    const isFault = open;
    open = false;
    clearTimeout(drain);
    reading.catch(() => {});
    if (leaves === undefined || isFault) await reader.cancel();
  }
}
