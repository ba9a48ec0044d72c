import { plainText } from "../text/plain_text.ts";
import { isTerminal, writeStderr } from "./screen.ts";

/** A task's messages to its user while it works. Everything goes to standard error. */
export interface Log {
  /** Something starts: `==> Boot debian-amd64`. */
  step(message: string): void;
  /** A fact on the way. */
  info(message: string): void;
  /** Something that the user should notice; the work continues. */
  warn(message: string): void;
  /** A failure that does not end the task; one that does is thrown instead. */
  error(message: string): void;
  /** Detail for `--verbose`, such as the commands that run. */
  debug(message: string): void;
  /** The last announced step: what the task is waiting for. */
  readonly lastStep: string | undefined;
}

export interface LogOptions {
  /** Only warnings and errors. */
  readonly quiet?: boolean;
  /** Also debug messages. */
  readonly verbose?: boolean;
  /** Where the text goes (default: standard error, above a live table). */
  readonly write?: (text: string) => void;
  /** Escape sequences for colour (default: on a terminal, unless `NO_COLOR` is set). */
  readonly color?: boolean;
}

/** Whether standard error takes colour: a terminal, and `NO_COLOR` is not set. */
export function wantColor(): boolean {
  // Deno.noColor needs no permission, unlike reading the variable.
  return !Deno.noColor && isTerminal();
}

const STYLES = { bold: 1, dim: 2, red: 31, yellow: 33, green: 32 } as const;

/** Wraps text in the escape sequences of a style if colour is wanted. */
export function paint(style: keyof typeof STYLES, text: string, color = wantColor()): string {
  return color ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}

/** A {@link Log} that writes whole lines of plain text, whatever the message quotes. */
export function createLog(options: LogOptions = {}): Log {
  const { quiet = false, verbose = false, write = writeStderr, color = wantColor() } = options;
  let lastStep: string | undefined;
  return {
    step(message) {
      lastStep = message;
      if (!quiet) write(`${paint("bold", `==> ${plainText(message)}`, color)}\n`);
    },
    info(message) {
      if (!quiet) write(`${plainText(message)}\n`);
    },
    warn(message) {
      write(`${paint("yellow", "warning:", color)} ${plainText(message)}\n`);
    },
    error(message) {
      write(`${paint("red", "error:", color)} ${plainText(message)}\n`);
    },
    debug(message) {
      if (verbose) write(`${paint("dim", `debug: ${plainText(message)}`, color)}\n`);
    },
    get lastStep() {
      return lastStep;
    },
  };
}
