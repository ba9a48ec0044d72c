import { delay } from "@std/async";
import { Channel, type ChannelOptions, type Sink } from "./channel.ts";
import { AgentConnection, connectWhenThere } from "./connection.ts";
import { lostAgent } from "./agent_errors.ts";
import type { Frame } from "./frames.ts";
import { LONGEST_TIMER_MS, watchSilence } from "./silence.ts";
import { KIND, type Kind } from "./protocol.ts";
import {
  type AgentHello,
  type AgentInfo,
  type ExecResult,
  parseDone,
  parseExecResult,
  parseFileResult,
  parseInfo,
} from "./messages.ts";
import type {
  AgentConnectOptions,
  ClockSetting,
  ExecOptions,
  ReadFileOptions,
  RequestOptions,
  WriteFileOptions,
} from "./client_options.ts";

/** The agent ends a command that is out of time itself; after this much more it is lost. */
const OVERTIME_MS = 30_000;

/**
 * A client of the agent in a guest. Requests may overlap. When the session ends, the agent kills
 * what it started, and all pending and later requests fail with a `GuestError`; a refused request
 * fails with an `AgentError`.
 */
export class AgentClient implements AsyncDisposable {
  readonly name: string;
  readonly hello: AgentHello;
  readonly closed: Promise<void>;
  readonly #connection: AgentConnection;
  readonly #channels = new Map<number, Channel>();
  #last = 0;
  #lost = false;

  private constructor(connection: AgentConnection, hello: AgentHello) {
    this.#connection = connection;
    this.name = connection.guest.name;
    this.hello = hello;
    this.closed = connection.closed;
    connection.attach({ frame: (frame) => this.#take(frame), lost: () => this.#lose() });
  }

  /**
   * Begins a session over the socket of the port `guesthouse.agent`. Throws `GuestError` when the
   * agent does not answer in time, or the reason of the signal.
   */
  static async connect(path: string, options: AgentConnectOptions): Promise<AgentClient> {
    const { signal, timeoutMs } = options;
    const late = AbortSignal.timeout(Math.min(timeoutMs, LONGEST_TIMER_MS));
    const either = signal === undefined ? late : AbortSignal.any([signal, late]);
    let cause: unknown;
    while (!either.aborted) {
      try {
        const connection = new AgentConnection(await connectWhenThere(path, either), options);
        try {
          return new AgentClient(connection, await connection.greet(either));
        } catch (error) {
          connection.end("no session");
          await connection.closed;
          throw error;
        }
      } catch (error) {
        cause = error;
        if (either.aborted) break;
        if (isFinal(error)) throw error;
        // If a socket accepts and drops connections, there must be a pause between attempts.
        await delay(50);
      }
    }
    signal?.throwIfAborted();
    const reason = `no answer within ${timeoutMs / 1000} s on "${path}"`;
    throw lostAgent(options, "reach the agent", reason, cause);
  }

  /** Waits for the agent to answer. */
  async ping(options?: RequestOptions): Promise<void> {
    parseDone(await this.#ask("ping the agent", KIND.ping, {}, options));
  }

  /** The state of the guest. */
  async info(options?: RequestOptions): Promise<AgentInfo> {
    return parseInfo(await this.#ask("ask for the state", KIND.info, {}, options));
  }

  /** Sets the guest's clock and mixes entropy into its random numbers. */
  async setClock(setting: ClockSetting, options?: RequestOptions): Promise<void> {
    const { seconds, nanoseconds, entropy } = setting;
    const request = { seconds, nanoseconds, entropy: entropy.toHex() };
    parseDone(await this.#ask("set the clock", KIND.clock, request, options));
  }

  /** Turns the guest off, or restarts it. Returns when the agent has begun to. */
  async shutdown(
    mode: "poweroff" | "reboot" = "poweroff",
    options?: RequestOptions,
  ): Promise<void> {
    parseDone(await this.#ask("shut down", KIND.shutdown, { mode }, options));
  }

  /**
   * Runs a command and returns how it ended. Throws `AgentError` when it cannot be started, the
   * reason of the signal, what a sink or stdin throws, or `RangeError` ({@link execRequestBytes}).
   */
  async exec(options: ExecOptions): Promise<ExecResult> {
    const { argv, stdin, timeoutMs, overtimeMs = OVERTIME_MS, signal } = options;
    signal?.throwIfAborted();
    const what = `run "${argv[0] ?? ""}"`;
    const channel = this.#channel({ what, onData: options.onStdout, onStderr: options.onStderr });
    await channel.open(KIND.exec, execRequest(options), true);
    options.onStart?.({ kill: (signal) => channel.signal(signal) });
    const sent = stdin === undefined ? undefined : sendTo(channel, stdin);
    const limitMs = timeoutMs === undefined ? undefined : timeoutMs + overtimeMs;
    const result = await this.#settle(channel, what, { signal, timeoutMs: limitMs });
    await sent;
    return parseExecResult(result);
  }

  /** Reads a file into a sink. Returns how many bytes it took. Throws as {@link exec} does. */
  async readFile(path: string, sink: Sink, options: ReadFileOptions = {}): Promise<number> {
    const { offset, length, signal } = options;
    signal?.throwIfAborted();
    const what = `read "${path}"`;
    const channel = this.#channel({ what, onData: sink });
    await channel.open(KIND.read, { path, offset, length }, true);
    return parseFileResult(await this.#settle(channel, what, { signal })).bytes;
  }

  /** Writes a file. Returns its length in bytes. Throws as {@link exec} does. */
  async writeFile(
    path: string,
    source: Uint8Array | ReadableStream<Uint8Array>,
    options: WriteFileOptions = {},
  ): Promise<number> {
    const { mode, append, parents, signal } = options;
    signal?.throwIfAborted();
    const what = `write "${path}"`;
    const channel = this.#channel({ what });
    await channel.open(KIND.write, { path, mode, append, parents }, false);
    const sent = sendTo(channel, source);
    const result = await this.#settle(channel, what, { signal });
    await sent;
    return parseFileResult(result).bytes;
  }

  /** Ends the session; the agent kills what it started. May be repeated. */
  close(): void {
    this.#connection.end("the connection was closed on this side");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  async #ask(
    what: string,
    kind: Kind,
    request: unknown,
    options: RequestOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    options.signal?.throwIfAborted();
    const channel = this.#channel({ what });
    await channel.open(kind, request, false);
    return await this.#settle(channel, what, { timeoutMs: 30_000, ...options });
  }

  #channel(options: ChannelOptions): Channel {
    const channel = new Channel(++this.#last, this.#connection, options);
    this.#channels.set(channel.number, channel);
    channel.over.then(() => this.#channels.delete(channel.number));
    if (this.#lost) channel.lose();
    return channel;
  }

  /** The channel's result; abort, and an agent that is silent until the timeout, cancel it. */
  async #settle(
    channel: Channel,
    what: string,
    { signal, timeoutMs }: RequestOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const give = (reason: () => unknown) => () => {
      channel.fail(reason());
      channel.cancel();
    };
    const abort = give(() => signal?.reason);
    const late = give(() =>
      lostAgent(this.#connection.guest, what, `no answer within ${(timeoutMs ?? 0) / 1000} s`)
    );
    using _ = timeoutMs === undefined ? undefined : watchSilence(channel, timeoutMs, late);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await channel.result;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  #take(frame: Frame): void {
    const channel = this.#channels.get(frame.channel);
    if (channel === undefined) throw new SyntaxError(`received channel ${frame.channel}, not open`);
    channel.take(frame);
  }

  #lose(): void {
    this.#lost = true;
    for (const channel of this.#channels.values()) channel.lose();
  }
}

/** The request for a command, as the protocol has it. */
function execRequest({ argv, env, cwd, user, timeoutMs, stdin }: ExecOptions) {
  return { argv, env, cwd, user, timeoutMs, stdin: stdin !== undefined };
}

/** How many bytes the request for a command takes. {@link AgentClient.exec} sends 256 KiB. */
export function execRequestBytes(options: ExecOptions): number {
  return new TextEncoder().encode(JSON.stringify(execRequest(options))).length;
}

/** Sends the source; its failure becomes that of the channel. */
async function sendTo(
  channel: Channel,
  source: Uint8Array | ReadableStream<Uint8Array>,
): Promise<void> {
  try {
    await channel.sendAll(source);
  } catch (error) {
    channel.fail(error);
    channel.cancel();
  }
}

/** Another attempt would fail in the same way. */
function isFinal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause ?? error : error;
  return cause instanceof SyntaxError || cause instanceof Deno.errors.PermissionDenied ||
    cause instanceof Deno.errors.NotCapable;
}
