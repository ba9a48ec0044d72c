import { concat } from "@std/bytes";
import { quoteWord, shellQuote } from "./quote.ts";

/** A command for the guest's shell that reports about itself on stderr; see {@link Reports}. */
interface RemoteCommand {
  /** The text for `ssh HOST TEXT`. */
  readonly text: string;
  /** Marks this command's reports. */
  readonly nonce: string;
}

export interface RemotePlace {
  /** Directory in the guest. Default: the user's home. */
  readonly cwd?: string;
  /** Added to the environment that the guest gives. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Reports {
  /** Process group of the command in the guest. */
  readonly pid?: number;
  /** The command's own exit status, or 128 + the number of the signal that ended it. */
  readonly exit?: number;
  /** Its directory could not be entered. */
  readonly noDir?: boolean;
}

/** ASCII's record separator: no tool prints it, so that looking for it delays no output. */
const MARK = "\x1e";

/** Longest command text: Linux takes 128 KiB for one argument (`MAX_ARG_STRLEN`). */
const MAX_TEXT_BYTES = 120 * 1024;

/**
 * Wraps an argv for the guest's login shell. The exit status is reported separately: ssh's 255 is
 * ambiguous, and sshd gives none after a signal.
 *
 * Throws a `RangeError` for a command that is too long and a `TypeError` for a bad variable name.
 */
export function remoteCommand(
  argv: readonly string[],
  place: RemotePlace = {},
  nonce: string = crypto.randomUUID(),
): RemoteCommand {
  if (argv.length === 0) throw new TypeError("Cannot run an empty command");
  const report = (words: string) => `printf '\\036${nonce} %s\\036' "${words}" >&2`;
  const text = [
    report("pid $$"),
    ...(place.cwd === undefined
      ? []
      : [`cd -- ${quoteWord(place.cwd)} || { ${report("nodir 0")}; exit 1; }`]),
    `(${exportText(place.env)}${shellQuote(argv)})`,
    "code=$?",
    report("exit $code"),
    "exit $code",
  ].join("; ");
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_TEXT_BYTES) {
    throw new RangeError(
      `Cannot run "${argv[0]}": its command line takes ${bytes} bytes, ` +
        `and ${MAX_TEXT_BYTES} are possible`,
    );
  }
  return { text, nonce };
}

/** Shell text that sets variables for later commands. Throws a `TypeError` for a bad name. */
export function exportText(env: Readonly<Record<string, string>> = {}): string {
  return Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new TypeError(`Cannot set "${name}": it is not a name for an environment variable`);
    }
    return `export ${name}=${quoteWord(value)}; `;
  }).join("");
}

/** Ends the process group of a remote command: TERM, and KILL after two seconds. */
export function remoteKillText(pid: number): string {
  // After a signal's name no shell takes "-PID" for an option; "--" would be one too many for dash.
  const group = `-${pid}`;
  return [
    `kill -TERM ${group} 2>/dev/null || exit 0`,
    "ticks=0",
    `while kill -0 ${group} 2>/dev/null && [ "$ticks" -lt 20 ]; do ` +
    "sleep 0.1; ticks=$((ticks + 1)); done",
    `kill -KILL ${group} 2>/dev/null`,
  ].join("; ");
}

/** Takes the reports out of a remote command's stderr and lets everything else through. */
export class ReportFilter {
  readonly #opening: Uint8Array;
  #held: Uint8Array<ArrayBuffer> = new Uint8Array();
  #reports: Reports = {};

  constructor(nonce: string) {
    this.#opening = new TextEncoder().encode(`${MARK}${nonce} `);
  }

  get reports(): Reports {
    return this.#reports;
  }

  /** The bytes to show. The end of a piece is held back only while it may begin a report. */
  push(piece: Uint8Array): Uint8Array<ArrayBuffer> {
    let bytes = concat([this.#held, piece]);
    this.#held = new Uint8Array();
    const shown: Uint8Array[] = [];
    while (true) {
      const start = this.#findOpening(bytes);
      if (start === -1) break;
      shown.push(bytes.subarray(0, start));
      bytes = bytes.subarray(start);
      const end = bytes.indexOf(MARK_BYTE, 1);
      // The rest has not arrived yet. A report is short, so more than that is none.
      if (end === -1 && bytes.length < MAX_REPORT_BYTES) {
        // Copied, so that it does not keep the whole piece.
        this.#held = bytes.slice();
        return concat(shown);
      }
      if (end === -1 || bytes.length < this.#opening.length) {
        shown.push(bytes.subarray(0, 1));
        bytes = bytes.subarray(1);
        continue;
      }
      this.#take(new TextDecoder().decode(bytes.subarray(this.#opening.length, end)));
      bytes = bytes.subarray(end + 1);
    }
    shown.push(bytes);
    return concat(shown);
  }

  /** What was held back when the stream ended. */
  flush(): Uint8Array<ArrayBuffer> {
    const rest = this.#held;
    this.#held = new Uint8Array();
    return rest;
  }

  /** Where a report begins, or may begin if the bytes end within its opening; else -1. */
  #findOpening(bytes: Uint8Array): number {
    for (let at = bytes.indexOf(MARK_BYTE); at !== -1; at = bytes.indexOf(MARK_BYTE, at + 1)) {
      const part = bytes.subarray(at, at + this.#opening.length);
      if (part.every((byte, i) => byte === this.#opening[i])) return at;
    }
    return -1;
  }

  #take(report: string): void {
    const [word, number] = report.split(" ");
    if (word === "pid") this.#reports = { ...this.#reports, pid: Number(number) };
    if (word === "exit") this.#reports = { ...this.#reports, exit: Number(number) };
    if (word === "nodir") this.#reports = { ...this.#reports, noDir: true };
  }
}

const MARK_BYTE = MARK.charCodeAt(0);
/** More than any report takes: marks, a UUID, a word and a number. */
const MAX_REPORT_BYTES = 80;
