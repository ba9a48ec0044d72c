import type { GuestError } from "../base/errors.ts";
import { converse } from "./expect.ts";
import { posixChecksum } from "./posix_checksum.ts";
import { quoteWord, shellQuote } from "./quote.ts";
import type { Patience, SerialConsole } from "./serial_console.ts";

/** How a command is run on a console. */
export interface TypedCommand extends Patience {
  /** What it does, to follow "Cannot". */
  readonly what: string;
  /** Told each line that comes meanwhile, the echo of what was typed among them. */
  readonly onLine?: (line: string) => void;
}

/** How a command ended, and what the console showed meanwhile. */
export interface TypedResult {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Short enough for every terminal's buffer of a line: POSIX promises 255 bytes (`_POSIX_MAX_CANON`). */
const MAX_LINE_BYTES = 240;
/** How much may be typed before its echo has come: the terminal drops what does not fit. */
const AHEAD_BYTES = 480;
/** After this much silence a terminal has taken what was typed. */
const ECHO_MS = 2000;
/** After this much silence the mark is asked for again, in case a message has run into it. */
const ASK_AGAIN_MS = 60_000;
/** Ctrl-U: a terminal forgets the line (VKILL of POSIX's termios, as BSDs and Linux set it). */
const KILL_LINE = "\x15";
/** How often a text is typed until it has arrived as it was. */
const TRIES = 3;
/** For what a shell does at once. */
const SHORT: Patience = { limitMs: 120_000 };

/**
 * A shell of root on a serial console. A command has ended when the shell prints a random mark,
 * which is typed in two halves, so that neither the echo nor a program can show it before.
 */
export class RootShell {
  readonly #console: SerialConsole;

  private constructor(console: SerialConsole) {
    this.#console = console;
  }

  /**
   * Takes over a console on which root's shell, sh or csh, shows its prompt. Throws `GuestError`
   * if what looked like a prompt was none.
   */
  static async take(console: SerialConsole, patience: Patience = SHORT): Promise<RootShell> {
    const [left, right] = [randomHalf(), randomHalf()];
    // No file of the user's may give it another prompt, or an editor for its lines.
    await console.type(`exec env ENV= TERM=dumb PS1=${left}''${right} /bin/sh`);
    await converse(console, {
      ...{ ...patience, what: "start a shell of root", wanted: "prompt of a shell" },
      expect: [{ prompt: new RegExp(`${left}${right}$`), done: true }],
    });
    await console.type("set +o emacs +o vi; PS1= PS2=; unset HISTFILE");
    const shell = new RootShell(console);
    const { code, lines } = await shell.run("id -u", { ...patience, what: "ask who is logged in" });
    if (code === 0 && lines.includes("0")) return shell;
    throw console.fault("start a shell of root", "the user who is logged in is not root");
  }

  /** Runs a command without input, and waits until it has ended. */
  async run(command: string, how: TypedCommand): Promise<TypedResult> {
    const [left, right] = [randomHalf(), randomHalf()];
    const mark = new RegExp(`${left}${right}:(\\d+):`);
    const ask = `printf '\\n%s%s:%d:\\n' ${left} ${right} $gh`;
    await this.#typeSurely(`{ ${command}; } </dev/null; gh=$?; ${ask}`, how.what);
    const lines: string[] = [];
    let askAt = ASK_AGAIN_MS;
    const wait = { ...how, wanted: "end of the command" };
    const code = await this.#console.wait(how.what, wait, async ({ lines: fresh, quietMs }) => {
      for (const line of fresh) {
        const status = mark.exec(line)?.[1];
        if (status !== undefined) return Number(status);
        lines.push(line);
        how.onLine?.(line);
      }
      if (quietMs < askAt) return;
      // Rarer each time: while the command runs, the shell does not read what is typed.
      askAt *= 2;
      await this.#typeLine(ask);
    });
    return { code, lines };
  }

  /** As {@link run}; throws `GuestError` unless the command ends with 0. */
  async must(argv: readonly string[], how: TypedCommand): Promise<readonly string[]> {
    const { code, lines } = await this.run(shellQuote(argv), how);
    if (code === 0) return lines;
    throw this.#console.fault(how.what, `"${argv[0]}" ended with status ${code}`);
  }

  /** Types a command after which nothing is expected of the shell: it ends with it. */
  async leave(command: string, what: string): Promise<void> {
    await this.#typeSurely(command, what);
  }

  /** An error that shows the console's last lines; `what` follows "Cannot". */
  fault(what: string, why: string): GuestError {
    return this.#console.fault(what, why);
  }

  /**
   * Types a text into a file, line by line, and has its checksum compared. No line may be longer
   * than a terminal takes, and the last must be ended.
   */
  async writeFile(path: string, text: string, what: string): Promise<void> {
    const wanted = posixChecksum(new TextEncoder().encode(text));
    for (let tries = 1; tries <= TRIES; tries++) {
      await this.#typeText(path, text, what);
      const { lines } = await this.run(`cksum <${quoteWord(path)}`, { ...SHORT, what });
      if (lines.some((line) => line.trim() === wanted)) return;
    }
    throw this.#console.fault(what, `${path} did not arrive as it was typed, ${TRIES} times`);
  }

  async #typeText(path: string, text: string, what: string): Promise<void> {
    if (!text.endsWith("\n")) throw new RangeError(`the text for ${path} does not end its line`);
    const end = randomHalf();
    const lines = [`cat >${quoteWord(path)} <<'${end}'`, ...text.slice(0, -1).split("\n"), end];
    let ahead = 0;
    for (const [index, line] of lines.entries()) {
      await this.#typeLine(line);
      ahead += line.length + 1;
      if (ahead < AHEAD_BYTES && index < lines.length - 1) continue;
      ahead = 0;
      await this.#echoOf(line, what);
    }
  }

  /** Types a line and, once the terminal shows it as it was typed, Enter. */
  async #typeSurely(line: string, what: string): Promise<void> {
    for (let tries = 1; tries <= TRIES; tries++) {
      await this.#typeLine(line, true);
      const isThere = await this.#console.wait(what, SHORT, ({ unfinished, quietMs }) => {
        if (unfinished.endsWith(line)) return true;
        return quietMs > ECHO_MS ? false : undefined;
      });
      if (isThere) return await this.#console.type("");
      await this.#console.type(KILL_LINE, { key: true });
    }
    throw this.fault(what, "the terminal does not show what is typed");
  }

  /** Waits until the terminal has shown the line, and so has room for more. */
  async #echoOf(line: string, what: string): Promise<void> {
    const shown = line.trim();
    if (shown === "") return;
    await this.#console.wait(what, { ...SHORT, wanted: "echo of what was typed" }, (view) => {
      const hasCome = [...view.lines, view.unfinished].some((one) => one.trim().endsWith(shown));
      // A busy guest may show something else than arrived, and the checksum tells what did.
      return hasCome || view.quietMs > ECHO_MS ? true : undefined;
    });
  }

  async #typeLine(line: string, key = false): Promise<void> {
    const bytes = new TextEncoder().encode(line).length;
    // deno-lint-ignore no-control-regex -- a terminal obeys control characters
    if (bytes <= MAX_LINE_BYTES && !/[\x00-\x1f\x7f]/.test(line)) {
      return await this.#console.type(line, { key });
    }
    throw new RangeError(
      `cannot type a line of ${bytes} bytes, or with control characters: ${line.slice(0, 60)}`,
    );
  }
}

/** 32 random bits, as hexadecimal digits; letters first, so that no command is called so. */
const randomHalf = () => `gh${crypto.getRandomValues(new Uint8Array(4)).toHex()}`;
