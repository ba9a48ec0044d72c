import { cleanEnvironment } from "../base/process/clean_environment.ts";
import { settlesWithin } from "../base/time/wait.ts";

/** How long the output of a client that was killed may take to end. */
const DRAIN_MS = 1000;

/** A client of the shared connection: one `ssh` process. Disposal ends it. */
interface SshClient extends AsyncDisposable {
  /** Resolves, never rejects, when it has ended and its output has been handed on. */
  readonly ended: Promise<void>;
  /** What `onStdout` or `onStderr` threw, if one did. No output is handed on after that. */
  readonly fault: { readonly error: unknown } | undefined;
  /**
   * Hands on no more output. Disposal then leaves it running until the shared connection closes: what
   * a command has left in the guest may write on, which a closed pipe would end.
   */
  leave(): void;
}

interface ClientOptions {
  readonly env: Record<string, string>;
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  readonly onStdout?: (piece: Uint8Array<ArrayBuffer>) => void;
  /** Called with `undefined` at the end. */
  readonly onStderr?: (piece: Uint8Array<ArrayBuffer> | undefined) => void;
}

/**
 * Starts a client of the shared connection. It needs no supervisor, since it ends with that
 * connection, which has one. Its own session keeps a terminal's Ctrl-C for the task alone.
 */
export function startClient(command: readonly string[], options: ClientOptions): SshClient {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, {
    args,
    clearEnv: true,
    env: { ...cleanEnvironment(program), ...options.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  if (options.stdin !== undefined) void feed(child.stdin, options.stdin);
  let fault: { error: unknown } | undefined;
  let left = false;
  const note = (error: unknown) => void (fault ??= { error });
  const stdout = child.stdout.getReader();
  const stderr = child.stderr.getReader();
  const ended = Promise.all([
    forward(stdout, (piece) => left || options.onStdout?.(piece)).catch(note),
    forward(stderr, (piece) => left || options.onStderr?.(piece))
      .then(() => left || options.onStderr?.(undefined)).catch(note),
    child.status,
  ]).then(() => {});
  return {
    ended,
    get fault() {
      return fault;
    },
    leave() {
      left = true;
      child.unref();
    },
    async [Symbol.asyncDispose]() {
      if (left) return;
      try {
        child.kill("SIGKILL");
      } catch {
        // It has already ended.
      }
      // Its ends of the pipes are in the hands of the shared connection, too, which gives them up
      // when the guest does: never, if that hangs.
      if (await settlesWithin(ended, DRAIN_MS) === "settled") return;
      await Promise.allSettled([stdout.cancel(), stderr.cancel()]);
      await ended;
    },
  };
}

async function forward(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  onPiece: (piece: Uint8Array<ArrayBuffer>) => void,
): Promise<void> {
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    onPiece(part.value);
  }
}

/** A command may end without reading its input; that is its right. */
async function feed(
  stream: WritableStream<Uint8Array<ArrayBuffer>>,
  input: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  } catch {
    // Closed from the other side.
  }
}
