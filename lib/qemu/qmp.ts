import type { QmpCommandName, QmpCommands, QmpEvent, QmpEvents } from "./qmp_commands.ts";
import { QmpCommandError, QmpConnectionError, QmpTimeoutError } from "./qmp_errors.ts";
import { EventHub } from "./qmp_events.ts";
import { closeAnyway } from "../base/files/conn.ts";
import { LineSplitter } from "../base/text/line_splitter.ts";
import { parseQmpMessage, type QmpMessage } from "./qmp_message.ts";

export interface QmpOptions {
  readonly name: string;
  /** How long the greeting and the negotiation may take together. Default 10 000. */
  readonly greetingMs?: number;
  /** How long a command may take unless it says otherwise. Default 30 000. */
  readonly commandMs?: number;
  /** The longest line from QEMU. Default 4 MiB; `query-qmp-schema` takes 200 KiB in QEMU 7.2. */
  readonly maxLineBytes?: number;
}

interface ExecuteOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

interface WaitForEventOptions<Data> {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Only an event for which this holds. Default: the first one. */
  readonly where?: (data: Data) => boolean;
}

type Rest<Name extends QmpCommandName> = QmpCommands[Name]["args"] extends undefined
  ? [args?: undefined, options?: ExecuteOptions]
  : [args: QmpCommands[Name]["args"], options?: ExecuteOptions];

/** How a connection ended. */
interface Over {
  readonly by: "us" | "peer" | "fault";
  readonly reason: string;
  readonly cause?: unknown;
}

interface Pending {
  readonly command: string;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * A client of QMP over a stream. Commands may overlap. After any failure of the connection, all
 * pending and later calls fail with a {@link QmpConnectionError} that says what happened.
 */
export class QmpClient implements AsyncDisposable {
  readonly name: string;
  /** Resolves when the connection is over: with the error, or `undefined` if closed by us. */
  readonly closed: Promise<QmpConnectionError | undefined>;
  readonly #conn: Deno.Conn;
  readonly #options: Required<QmpOptions>;
  readonly #events = new EventHub();
  readonly #pending = new Map<number, Pending>();
  readonly #greeting = Promise.withResolvers<void>();
  #lastId = 0;
  #over?: Over;
  #writes: Promise<unknown> = Promise.resolve();

  private constructor(conn: Deno.Conn, options: QmpOptions) {
    this.name = options.name;
    this.#conn = conn;
    this.#options = { greetingMs: 10_000, commandMs: 30_000, maxLineBytes: 4 << 20, ...options };
    // When the connection ends, nobody may be waiting for the greeting.
    this.#greeting.promise.catch(() => {});
    this.closed = this.#readAll();
  }

  /** Reads the greeting and negotiates capabilities. On failure it throws and closes. */
  static async open(
    conn: Deno.Conn,
    options: QmpOptions,
    signal?: AbortSignal,
  ): Promise<QmpClient> {
    const client = new QmpClient(conn, options);
    const abort = () => client.#greeting.reject(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const timeoutMs = client.#options.greetingMs;
    const timer = setTimeout(() => {
      client.#greeting.reject(new QmpTimeoutError("connect to QMP", client.name, timeoutMs));
    }, timeoutMs);
    try {
      await client.#greeting.promise;
      await client.execute("qmp_capabilities", {}, { timeoutMs, signal });
      return client;
    } catch (error) {
      client.close();
      await client.closed;
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /**
   * Runs a command and returns its answer; `quit` also succeeds when QEMU closes the connection
   * instead. Throws {@link QmpCommandError} when QEMU refuses, {@link QmpTimeoutError}, {@link
   * QmpConnectionError}, or the reason of the signal.
   */
  execute<Name extends QmpCommandName>(
    command: Name,
    ...[args, options = {}]: Rest<Name>
  ): Promise<QmpCommands[Name]["returns"]> {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    const timeoutMs = options.timeoutMs ?? this.#options.commandMs;
    const what = `run QMP command "${command}"`;
    if (this.#over !== undefined) return Promise.reject(this.#fault(what));
    const timer = setTimeout(
      () => answer.reject(new QmpTimeoutError(what, this.name, timeoutMs)),
      timeoutMs,
    );
    const abort = () => answer.reject(options.signal?.reason);
    options.signal?.addEventListener("abort", abort, { once: true });
    this.#pending.set(id, { command, ...answer });
    this.#send({ execute: command, ...(args === undefined ? {} : { arguments: args }), id });
    return answer.promise.finally(() => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
      this.#pending.delete(id);
    }) as Promise<QmpCommands[Name]["returns"]>;
  }

  /** Every event from this call on. Ends when closed, throws when the connection is lost. */
  events(): AsyncIterableIterator<QmpEvent> {
    return this.#events.iterate();
  }

  /** The next event of that name after this call: call it before the command that causes it. */
  waitForEvent<Name extends keyof QmpEvents>(
    name: Name,
    options: WaitForEventOptions<QmpEvents[Name]>,
  ): Promise<QmpEvent<QmpEvents[Name]>> {
    const { timeoutMs, signal, where = () => true } = options;
    const what = `wait for QMP event "${name}"`;
    const found = Promise.withResolvers<QmpEvent<QmpEvents[Name]>>();
    const timer = setTimeout(
      () => found.reject(new QmpTimeoutError(what, this.name, timeoutMs)),
      timeoutMs,
    );
    const abort = () => found.reject(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const stop = this.#events.listen({
      event: (event) => {
        const data = event.data as unknown as QmpEvents[Name];
        if (event.event === name && where(data)) found.resolve({ ...event, data });
      },
      end: () => found.reject(this.#fault(what)),
    });
    const settled = found.promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      stop();
    });
    // The command that should cause the event may fail first, and then nobody awaits this.
    settled.catch(() => {});
    return settled;
  }

  /** Closes the connection; pending calls fail. QEMU keeps running. May be repeated. */
  close(): void {
    this.#end({ by: "us", reason: "the connection was closed on this side" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  async #readAll(): Promise<QmpConnectionError | undefined> {
    const buffer = new Uint8Array(64 * 1024);
    const lines = new LineSplitter(this.#options.maxLineBytes);
    try {
      while (true) {
        const length = await this.#conn.read(buffer);
        if (length === null) break;
        for (const line of lines.push(buffer.subarray(0, length))) {
          this.#dispatch(parseQmpMessage(line));
        }
      }
      this.#end({ by: "peer", reason: "QEMU closed the connection" });
    } catch (cause) {
      // A read that our own close() interrupted arrives here too, after #end.
      this.#end(broken(cause));
    }
    return this.#over?.by === "us" ? undefined : this.#fault("use QMP");
  }

  #dispatch(message: QmpMessage): void {
    switch (message.kind) {
      case "greeting":
        return this.#greeting.resolve();
      case "event":
        return this.#events.publish(message.event);
      case "return":
        return this.#answered(message.id)?.resolve(message.value);
      case "error": {
        const pending = this.#answered(message.id);
        pending?.reject(
          new QmpCommandError(
            pending.command,
            message.errorClass,
            message.description,
            this.name,
          ),
        );
      }
    }
  }

  /** The command of an answer; `undefined` if its caller is no longer waiting for it. */
  #answered(id: unknown): Pending | undefined {
    if (typeof id === "number" && Number.isInteger(id) && id > 0 && id <= this.#lastId) {
      return this.#pending.get(id);
    }
    throw new SyntaxError(`received an answer to a command that was never sent: ${String(id)}`);
  }

  #send(message: unknown): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
    // One write at a time: a long one may be sent in parts.
    this.#writes = this.#writes.then(async () => {
      if (this.#over !== undefined) return;
      for (let sent = 0; sent < bytes.length;) {
        sent += await this.#conn.write(bytes.subarray(sent));
      }
    }).catch((cause) => this.#end(broken(cause)));
  }

  #end(over: Over): void {
    if (this.#over !== undefined) return;
    this.#over = over;
    for (const pending of this.#pending.values()) {
      if (pending.command === "quit" && over.by === "peer") pending.resolve({});
      else pending.reject(this.#fault(`run QMP command "${pending.command}"`));
    }
    this.#greeting.reject(this.#fault("connect to QMP"));
    this.#events.end(over.by === "us" ? undefined : this.#fault("wait for QMP events"));
    closeAnyway(this.#conn);
  }

  #fault(what: string): QmpConnectionError {
    const { reason, cause } = this.#over ?? { reason: "the connection is over" };
    return new QmpConnectionError(what, this.name, reason, cause);
  }
}

function broken(cause: unknown): Over {
  // With data unread at its end, QEMU's exit shows as a reset or a broken pipe.
  const gone = cause instanceof Deno.errors.ConnectionReset ||
    cause instanceof Deno.errors.BrokenPipe;
  if (gone) return { by: "peer", reason: "QEMU closed the connection", cause };
  return { by: "fault", reason: cause instanceof Error ? cause.message : String(cause), cause };
}
