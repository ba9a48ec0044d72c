import type { AgentConnection } from "./connection.ts";
import { refusal } from "./agent_errors.ts";
import { encodeCredit, encodeFrame, encodeJson, type Frame } from "./frames.ts";
import { parseFailure } from "./messages.ts";
import { CREDIT_STEP, EXTRA_CREDIT, KIND, type Kind, WINDOW } from "./protocol.ts";

/** Takes data; the agent sends more when it has resolved. */
export type Sink = (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;

export interface ChannelOptions {
  /** The action for messages, such as `run "make"`. */
  readonly what: string;
  readonly onData?: Sink;
  readonly onStderr?: Sink;
}

/** Pieces in which data goes out: small enough for other channels to get between. */
const PIECE_BYTES = 64 * 1024;

/** One request to the agent, with the data that belongs to it, until its result. */
export class Channel {
  readonly number: number;
  /** The payload of the result. Rejects with the agent's refusal, a sink's error, or the loss. */
  readonly result: Promise<Uint8Array<ArrayBuffer>>;
  /** Resolves, without an error, when the channel is over, whichever way. */
  readonly over: Promise<void>;
  readonly #connection: AgentConnection;
  readonly #options: ChannelOptions;
  readonly #settled = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  readonly #isOver = Promise.withResolvers<void>();
  /** Resolves when the rest of the data is no longer wanted. */
  readonly #stopped = Promise.withResolvers<void>();
  #isStopped = false;
  #ended = false;
  /** Consumers run one after the other, in the order of the frames. */
  #consumed: Promise<void> = Promise.resolve();
  /** How many frames of data came that nobody has taken yet. */
  #untaken = 0;
  #failed = false;
  #allowed = WINDOW;
  #owed = 0;
  #credit = WINDOW;
  #creditCame = Promise.withResolvers<void>();

  constructor(number: number, connection: AgentConnection, options: ChannelOptions) {
    this.number = number;
    this.#connection = connection;
    this.#options = options;
    this.result = this.#settled.promise;
    this.result.catch(() => {});
    this.over = this.#isOver.promise;
  }

  /** Opens the channel. `extraCredit`: it will send us data. Throws `RangeError` above 256 KiB. */
  async open(kind: Kind, request: unknown, extraCredit: boolean): Promise<void> {
    const opening = this.#encode(kind, request);
    const sent = [this.#post(opening)];
    if (extraCredit) {
      this.#allowed += EXTRA_CREDIT;
      sent.push(this.#post(encodeCredit(this.number, EXTRA_CREDIT)));
    }
    await Promise.all(sent);
  }

  #encode(kind: Kind, request: unknown): Uint8Array {
    try {
      return encodeJson(kind, this.number, request);
    } catch (error) {
      // Too long: the agent never hears of the channel.
      this.#close();
      throw error;
    }
  }

  /** Whether a sink has not taken all that came: the agent may then be waiting for us. */
  get isBehind(): boolean {
    return this.#untaken > 0;
  }

  /** Takes a frame from the agent. Throws `SyntaxError` for one that is out of place. */
  take(frame: Frame): void {
    switch (frame.kind) {
      case KIND.data:
        return this.#consume(frame.payload, this.#options.onData);
      case KIND.stderr:
        return this.#consume(frame.payload, this.#options.onStderr);
      case KIND.credit:
        return this.#grant(frame.payload);
      case KIND.result:
        return this.#finish(() => this.#settled.resolve(frame.payload));
      case KIND.error: {
        const failure = parseFailure(frame.payload);
        const { guest } = this.#connection;
        return this.#finish(() =>
          this.#settled.reject(refusal(guest, this.#options.what, failure))
        );
      }
    }
  }

  /** The session ended before the result came. */
  lose(): void {
    this.fail(this.#connection.fault(this.#options.what));
    this.#close();
  }

  /** Settles the result with an error; what still comes is discarded. */
  fail(error: unknown): void {
    this.#failed = true;
    this.#settled.reject(error);
    this.#stop();
  }

  /** Asks the agent to kill the command, or to give the file up. */
  cancel(): void {
    if (!this.#ended) this.#post(encodeFrame(KIND.cancel, this.number)).catch(() => {});
  }

  /** Sends a signal to the command's process group. Throws `RangeError` for what is none. */
  async signal(signal: number): Promise<void> {
    if (!Number.isInteger(signal) || signal < 1 || signal > 64) {
      throw new RangeError(`Cannot send signal ${signal}: wanted 1 to 64`);
    }
    if (!this.#ended) await this.#post(encodeJson(KIND.signal, this.number, { signal }));
  }

  /**
   * Sends data and its end. Returns when all is sent or the rest is unwanted; rejects as the
   * source.
   */
  async sendAll(source: Uint8Array | ReadableStream<Uint8Array>): Promise<void> {
    const stream = source instanceof Uint8Array ? ReadableStream.from([source]) : source;
    const reader = stream.getReader();
    const stopped = this.#stopped.promise.then(() => "stopped" as const);
    while (true) {
      // A command may end while its stdin, a terminal say, has nothing to give.
      const read = await Promise.race([reader.read(), stopped]);
      if (read === "stopped") return void reader.cancel().catch(() => {});
      if (read.done) break;
      await this.#sendChunk(read.value);
    }
    await this.#post(encodeFrame(KIND.end, this.number));
  }

  async #sendChunk(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      while (this.#credit === 0 && !this.#isStopped) {
        await Promise.race([this.#creditCame.promise, this.#stopped.promise]);
      }
      if (this.#isStopped) return;
      const piece = chunk.subarray(at, at + Math.min(PIECE_BYTES, this.#credit));
      this.#credit -= piece.length;
      at += piece.length;
      await this.#post(encodeFrame(KIND.data, this.number, piece));
    }
  }

  /** A write that the end of the session stops needs no error of its own: `lose` has one. */
  async #post(bytes: Uint8Array): Promise<void> {
    await this.#connection.send(bytes).catch(() => {});
  }

  #consume(bytes: Uint8Array<ArrayBuffer>, sink?: Sink): void {
    this.#allowed -= bytes.length;
    if (this.#allowed < 0) throw new SyntaxError("received more data than was asked for");
    this.#untaken++;
    this.#consumed = this.#consumed.then(async () => {
      // After a failure the rest is thrown away, so that the command can end.
      if (!this.#failed) await sink?.(bytes);
      this.#giveBack(bytes.length);
    }).catch((error) => {
      this.fail(error);
      this.cancel();
      this.#giveBack(bytes.length);
    }).then(() => void this.#untaken--);
  }

  #giveBack(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < CREDIT_STEP || this.#ended) return;
    this.#allowed += this.#owed;
    this.#post(encodeCredit(this.number, this.#owed));
    this.#owed = 0;
  }

  #grant(payload: Uint8Array<ArrayBuffer>): void {
    if (payload.length !== 4) throw new SyntaxError("received a credit that is not four bytes");
    this.#credit += new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
    this.#creditCame.resolve();
    this.#creditCame = Promise.withResolvers();
  }

  /** The last frame has come; what came before it is still being consumed. */
  #finish(settle: () => void): void {
    this.#close();
    this.#consumed.then(settle);
  }

  #close(): void {
    this.#ended = true;
    this.#isOver.resolve();
    this.#stop();
  }

  #stop(): void {
    this.#isStopped = true;
    this.#stopped.resolve();
  }
}
