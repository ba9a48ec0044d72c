import { delay } from "@std/async";
import { GuestError } from "../base/errors.ts";
import { drain } from "../base/files/conn.ts";
import { writeAll } from "../base/files/write_all.ts";
import { ConsoleLog } from "./console.ts";

/** The console that {@link SerialConsole} uses. */
export interface SerialOptions {
  readonly name: string;
  readonly consoleSocket: string;
  /** The log that QEMU writes of the same console. */
  readonly consoleLog: string;
  /** Settles when QEMU has ended. */
  readonly exited: Promise<unknown>;
  readonly signal: AbortSignal;
  /** Told each line that the console shows, and what was typed, without secrets. */
  readonly transcript?: (line: string) => void;
  /** What to run after a failure, besides reading the console's log. */
  readonly next?: string;
  /** How often the log is read, in milliseconds. Default 200. */
  readonly pollMs?: number;
}

/** How long something may take on a console. */
export interface Patience {
  /** At most, whatever the console shows. */
  readonly limitMs: number;
  /** Without any new output. Default: as long as `limitMs`. */
  readonly quietMs?: number;
}

/** What a console shows when it is looked at. */
export interface SerialView {
  /** Lines that were completed since the last look. */
  readonly lines: readonly string[];
  /** The line where the cursor stands; empty at the beginning of one. */
  readonly unfinished: string;
  /** For how long nothing was shown, in milliseconds. */
  readonly quietMs: number;
}

/** How something is typed. */
export interface TypeHow {
  /** Whether the transcript has `********` instead. Default false. */
  readonly secret?: boolean | undefined;
  /** Whether it is a key instead of a line: Enter is not typed. Default false. */
  readonly key?: boolean | undefined;
}

/** Half the buffer of a 16550: guests that are busy lose what comes faster than they read it. */
const PIECE_BYTES = 8;
const PIECE_MS = 10;
/** How many of a console's last lines an error shows. */
const SHOWN_LINES = 20;

/** A guest's serial console: input through the socket, output from the log. */
export class SerialConsole implements AsyncDisposable {
  readonly #options: SerialOptions;
  readonly #log: ConsoleLog;
  readonly #connection: Deno.UnixConn;
  readonly #drained: Promise<void>;
  #exited = false;
  /** When the console last showed something new, and how far its log was read by then. */
  #news = { at: performance.now(), bytes: 0 };

  private constructor(options: SerialOptions, connection: Deno.UnixConn) {
    this.#options = options;
    this.#log = new ConsoleLog(options.consoleLog);
    this.#connection = connection;
    // QEMU drops what nobody takes, in its log too.
    this.#drained = drain(connection);
    const end = () => void (this.#exited = true);
    options.exited.then(end, end);
  }

  /** Takes the console, which has one client at a time. */
  static async open(options: SerialOptions): Promise<SerialConsole> {
    const path = options.consoleSocket;
    return new SerialConsole(options, await Deno.connect({ transport: "unix", path }));
  }

  /** The guest's name. */
  get name(): string {
    return this.#options.name;
  }

  /** Types a line. */
  async type(line: string, { secret = false, key = false }: TypeHow = {}): Promise<void> {
    this.#options.transcript?.(`<< ${secret ? "********" : line}`);
    const bytes = new TextEncoder().encode(key ? line : `${line}\n`);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      if (at > 0) await delay(PIECE_MS, { signal: this.#options.signal });
      await writeAll(this.#connection, bytes.subarray(at, at + PIECE_BYTES));
    }
  }

  /**
   * Looks at the console until `test` returns something; `what` follows "Cannot". Throws
   * {@link GuestError} with the last lines when the patience ends, QEMU does, or the console names
   * a fatal cause.
   */
  async wait<T>(
    what: string,
    patience: Patience & { readonly wanted?: string },
    test: (view: SerialView) => T | undefined | Promise<T | undefined>,
  ): Promise<T> {
    const { limitMs, quietMs = limitMs, wanted = "such output" } = patience;
    const start = performance.now();
    while (true) {
      // Asked before the log is read, so that a guest's last words still count.
      const over = this.#exited;
      const found = await test(await this.#look());
      if (found !== undefined) return found;
      const { cause } = this.#log;
      if (cause !== undefined) throw this.fault(what, cause.summary);
      if (over) throw this.fault(what, "QEMU has ended");
      const now = performance.now();
      if (now - start > limitMs) {
        throw this.fault(what, `no ${wanted} came within ${limitMs / 1000} s`);
      }
      if (now - Math.max(start, this.#news.at) > quietMs) {
        throw this.fault(
          what,
          `no ${wanted} came, and the console has shown nothing for ${quietMs / 1000} s`,
        );
      }
      await delay(this.#options.pollMs ?? 200, { signal: this.#options.signal });
    }
  }

  /** Passes each line of the console to `read` until that returns something. */
  async waitForLine<T>(
    what: string,
    patience: Patience,
    read: (line: string) => T | undefined,
  ): Promise<T> {
    return await this.wait(what, patience, ({ lines }) => {
      for (const line of lines) {
        const found = read(line);
        if (found !== undefined) return found;
      }
    });
  }

  /** An error that shows the console's last lines. */
  fault(what: string, why: string): GuestError {
    const { name, consoleLog, next } = this.#options;
    return new GuestError(`Cannot ${what} in guest "${name}": ${why}`, {
      details: [`console: ${consoleLog}`, ...this.tail(SHOWN_LINES).map((line) => `| ${line}`)],
      next: [`less ${consoleLog}`, ...next === undefined ? [] : [next]].join(", then "),
    });
  }

  /** The last lines of the console. */
  tail(count: number): string[] {
    return this.#log.tail(count);
  }

  async #look(): Promise<SerialView> {
    const lines = await this.#log.poll();
    const { transcript } = this.#options;
    if (transcript !== undefined) lines.forEach(transcript);
    const { bytes, unfinished } = this.#log;
    if (bytes !== this.#news.bytes) this.#news = { at: performance.now(), bytes };
    return { lines, unfinished, quietMs: performance.now() - this.#news.at };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    await this.#drained;
  }
}
