import { writeStream } from "./output.ts";
import { displayWidth } from "../text/text.ts";

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
/** The default if the terminal does not report its size: that of a VT100. */
const FALLBACK_SIZE = { columns: 80, rows: 24 };

const write = (text: string) => void writeStream("standard error", Deno.stderr, text);

let pinned: readonly string[] = [];
let cursorHidden = false;

/** Whether standard error is a terminal that can be redrawn. */
export function isTerminal(): boolean {
  return Deno.stderr.isTerminal();
}

export function terminalSize(): { readonly columns: number; readonly rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    // Some consoles, such as serial ones, do not know their size and report 0.
    return columns > 0 && rows > 0 ? { columns, rows } : FALLBACK_SIZE;
  } catch {
    return FALLBACK_SIZE;
  }
}

/** Writes text to standard error, above the pinned lines if there are any. */
export function writeStderr(text: string): void {
  write(pinned.length === 0 ? text : `${eraseSequence()}${text}${drawSequence()}`);
}

/**
 * Keeps these lines at the bottom of the terminal and hides the cursor; the next call replaces
 * them. Each must fit the width; those beyond the height are left out.
 */
export function pinLines(lines: readonly string[]): void {
  let sequence = eraseSequence();
  if (!cursorHidden) {
    globalThis.addEventListener("unload", restoreTerminal);
    sequence += HIDE_CURSOR;
    cursorHidden = true;
  }
  // What has scrolled off the top can no longer be erased, so it must never get there.
  pinned = lines.slice(0, terminalSize().rows - 1);
  write(sequence + drawSequence());
}

/** Ends {@link pinLines}: shows the cursor, and keeps the lines as output or removes them. */
export function unpinLines(options: { keep: boolean }): void {
  const sequence = options.keep ? "" : eraseSequence();
  pinned = [];
  if (!cursorHidden) return;
  cursorHidden = false;
  globalThis.removeEventListener("unload", restoreTerminal);
  write(sequence + SHOW_CURSOR);
}

/** Runs when the process ends without {@link unpinLines}, after a bug for example. */
function restoreTerminal(): void {
  unpinLines({ keep: true });
}

function eraseSequence(): string {
  if (pinned.length === 0) return "";
  // A terminal that became narrower since has wrapped the lines onto more rows.
  const { columns } = terminalSize();
  const height = pinned
    .map((line) => Math.max(1, Math.ceil(displayWidth(line) / columns)))
    .reduce((sum, rows) => sum + rows);
  return `\x1b[${height}A\r\x1b[J`; // up to the first line, then clear all below
}

function drawSequence(): string {
  return pinned.map((line) => `${line}\n`).join("");
}
