import { delay } from "@std/async";
import { GuestError } from "../base/errors.ts";
import { ConsoleLog } from "./console.ts";
import { drain } from "../base/files/conn.ts";
import { writeAll } from "../base/files/write_all.ts";

/** The console that {@link SerialShell} uses. */
export interface SerialOptions {
  readonly name: string;
  readonly consoleSocket: string;
  /** The log that QEMU writes of the same console. */
  readonly consoleLog: string;
  /** Settles when QEMU has ended. */
  readonly exited: Promise<unknown>;
  readonly signal: AbortSignal;
}

/** How often the log is read. */
const POLL_MS = 200;
/** A shell's prompt: the line is not ended, and its last sign is that of a user or of root. */
const PROMPT = /[$#]\s*$/;
/** The prompt of u-boot, which has then found nothing to boot. */
const UBOOT_PROMPT = /^=>\s*$/;

/** A user is logged in: from here on a key does not stop u-boot. */
const LOGGED_IN = /\(automatic login\)/;
/** A message of the kernel may have come after the prompt; an empty line brings a new one. */
const NUDGE_MS = 10_000;

/** A shell on a guest's serial console: input through the socket, output from the log. */
export class SerialShell implements AsyncDisposable {
  readonly #options: SerialOptions;
  readonly #log: ConsoleLog;
  readonly #connection: Deno.UnixConn;
  readonly #drained: Promise<void>;
  #exited = false;
  #loggedIn = false;

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
  static async open(options: SerialOptions): Promise<SerialShell> {
    const path = options.consoleSocket;
    return new SerialShell(options, await Deno.connect({ transport: "unix", path }));
  }

  /** Waits until a shell asks for a command. Throws {@link GuestError} with what stands instead. */
  async waitForPrompt(deadlineMs: number): Promise<void> {
    let nudgeAt = performance.now() + NUDGE_MS;
    await this.#wait("reach a shell", deadlineMs, async (lines) => {
      this.#loggedIn ||= lines.some((line) => LOGGED_IN.test(line));
      const line = this.#log.tail(1)[0] ?? "";
      if (UBOOT_PROMPT.test(line)) {
        throw this.#failed("start", "u-boot found no system on its disk");
      }
      if (PROMPT.test(line)) return true;
      if (this.#loggedIn && performance.now() > nudgeAt) {
        nudgeAt = performance.now() + NUDGE_MS;
        await this.type("");
      }
    });
  }

  /** Types a line. */
  async type(line: string): Promise<void> {
    await writeAll(this.#connection, new TextEncoder().encode(`${line}\n`));
  }

  /**
   * Passes each line of the console to `read` until that returns something; `what` follows
   * "Cannot".
   */
  async waitForLine<T>(
    what: string,
    deadlineMs: number,
    read: (line: string) => T | undefined,
  ): Promise<T> {
    return await this.#wait(what, deadlineMs, (lines) => {
      for (const line of lines) {
        const found = read(line);
        if (found !== undefined) return found;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    await this.#drained;
  }

  /** The last lines of the console. */
  tail(count: number): string[] {
    return this.#log.tail(count);
  }

  async #wait<T>(
    what: string,
    deadlineMs: number,
    test: (lines: readonly string[]) => T | undefined | Promise<T | undefined>,
  ): Promise<T> {
    const deadline = performance.now() + deadlineMs;
    while (true) {
      // Asked before the log is read, so that a guest's last words still count.
      const over = this.#exited;
      const found = await test(await this.#log.poll());
      if (found !== undefined) return found;
      const { cause } = this.#log;
      if (cause !== undefined) throw this.#failed(what, cause.summary);
      if (over) throw this.#failed(what, "QEMU has ended");
      if (performance.now() > deadline) {
        throw this.#failed(what, `no such output came within ${deadlineMs / 1000} s`);
      }
      await delay(POLL_MS, { signal: this.#options.signal });
    }
  }

  #failed(what: string, why: string): GuestError {
    const { name, consoleLog } = this.#options;
    return new GuestError(`Cannot ${what} in guest "${name}": ${why}`, {
      details: this.#log.tail(20),
      next: `less ${consoleLog}`,
    });
  }
}
