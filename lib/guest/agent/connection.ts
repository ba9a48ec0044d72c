import { delay } from "@std/async";
import { closeAnyway } from "../../base/files/conn.ts";
import { writeAll } from "../../base/files/write_all.ts";
import { settlesWithin } from "../../base/time/wait.ts";
import { type AgentGuest, lostAgent } from "./agent_errors.ts";
import { encodePreamble, type Frame, FrameDecoder } from "./frames.ts";
import { type AgentHello, parseFailure, parseHello } from "./messages.ts";
import { KIND, PADDING_BYTES, PROTOCOL } from "./protocol.ts";
import type { GuestError } from "../../base/errors.ts";

/** How often to try a socket that does not exist yet. */
const RETRY_MS = 50;
/** How long the first preamble waits for its answer; each later one waits twice as long. */
const FIRST_ANSWER_MS = 1000;

/** What a connection tells its owner. */
interface FrameReceiver {
  /** A frame of a channel. May throw `SyntaxError`, which ends the session. */
  frame(frame: Frame): void;
  /** The session is over; nothing comes after it. */
  lost(): void;
}

/**
 * A session with an agent: frames out in the order of the calls, frames in, one reason for its end.
 */
export class AgentConnection {
  readonly guest: AgentGuest;
  readonly #conn: Deno.Conn;
  readonly #hello = Promise.withResolvers<AgentHello>();
  #decoder = new FrameDecoder(new Uint8Array(16));
  #receiver?: FrameReceiver;
  #writes: Promise<void> = Promise.resolve();
  #over?: { readonly reason: string; readonly cause?: unknown };
  /** Resolves when the connection is over and no read is pending. */
  readonly closed: Promise<void>;

  constructor(conn: Deno.Conn, guest: AgentGuest) {
    this.#conn = conn;
    this.guest = guest;
    this.#hello.promise.catch(() => {});
    this.closed = this.#readAll();
  }

  /**
   * Sends preambles until one is answered. Rejects when the connection ends or the signal aborts.
   */
  async greet(signal: AbortSignal): Promise<AgentHello> {
    // A signal that has already aborted does not call.
    signal.throwIfAborted();
    const abort = () => this.end("no answer from the agent");
    signal.addEventListener("abort", abort, { once: true });
    try {
      for (let waitMs = FIRST_ANSWER_MS;; waitMs *= 2) {
        const nonce = crypto.getRandomValues(new Uint8Array(16));
        this.#decoder.expect(nonce);
        // An agent that does not answer may be within a frame of an earlier host.
        if (waitMs > FIRST_ANSWER_MS) this.send(new Uint8Array(PADDING_BYTES)).catch(() => {});
        const sent = this.send(encodePreamble(nonce));
        await Promise.race([sent, this.#hello.promise]);
        const settled = await settlesWithin(this.#hello.promise, waitMs);
        if (settled === "settled") return await this.#hello.promise;
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** From now on frames go to this receiver; there are none before. */
  attach(receiver: FrameReceiver): void {
    this.#receiver = receiver;
    if (this.#over !== undefined) receiver.lost();
  }

  /** Writes a frame. Resolves when the system has taken it; rejects when the session is over. */
  send(bytes: Uint8Array): Promise<void> {
    const written = this.#writes.then(async () => {
      if (this.#over !== undefined) throw this.fault("reach the agent");
      await writeAll(this.#conn, bytes);
    });
    this.#writes = written.catch((cause) => this.end(brokenReason(cause), cause));
    return this.#writes.then(() => written);
  }

  /** Ends the session for this reason, unless it is over already. */
  end(reason: string, cause?: unknown): void {
    if (this.#over !== undefined) return;
    this.#over = { reason, cause };
    this.#hello.reject(this.fault("reach the agent"));
    this.#receiver?.lost();
    closeAnyway(this.#conn);
  }

  /** The error for an action that the end of the session stopped. */
  fault(what: string): GuestError {
    const { reason, cause } = this.#over ?? { reason: "the session is over" };
    return lostAgent(this.guest, what, reason, cause);
  }

  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(256 * 1024);
    try {
      while (true) {
        const length = await this.#conn.read(buffer);
        if (length === null) break;
        for (const frame of this.#decoder.push(buffer.subarray(0, length))) this.#take(frame);
        if (this.#over !== undefined) return;
      }
      this.end("the agent closed the connection, or its guest ended");
    } catch (cause) {
      this.end(brokenReason(cause), cause);
    }
  }

  #take(frame: Frame): void {
    if (this.#over !== undefined) return;
    if (frame.kind === KIND.hello) {
      const hello = parseHello(frame.payload);
      if (hello.protocol !== PROTOCOL) {
        throw new SyntaxError(`the agent speaks protocol ${hello.protocol}, wanted ${PROTOCOL}`);
      }
      return this.#hello.resolve(hello);
    }
    if (frame.kind === KIND.error && frame.channel === 0) {
      throw new SyntaxError(`the agent reset the session: ${parseFailure(frame.payload).message}`);
    }
    this.#receiver?.frame(frame);
  }
}

function brokenReason(cause: unknown): string {
  const gone = cause instanceof Deno.errors.ConnectionReset ||
    cause instanceof Deno.errors.BrokenPipe;
  if (gone) return "the agent closed the connection, or its guest ended";
  return cause instanceof Error ? cause.message : String(cause);
}

/** Connects to a Unix socket as soon as it exists. Rejects with the reason of the signal. */
export async function connectWhenThere(path: string, signal: AbortSignal): Promise<Deno.Conn> {
  while (true) {
    signal.throwIfAborted();
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (error) {
      const absent = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.ConnectionRefused;
      if (!absent) throw error;
    }
    await delay(RETRY_MS, { signal });
  }
}
