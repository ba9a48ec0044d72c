import { paint, wantColor } from "./log.ts";
import { isTerminal, pinLines, terminalSize, unpinLines, writeStderr } from "./screen.ts";
import { plainLine, plainText } from "../text/plain_text.ts";
import { displayWidth, formatSeconds, padEnd, padStart, truncate } from "../text/text.ts";

/** Redraws per second: enough to show tenths of seconds. */
const REDRAW_MS = 100;

/** More than any terminal is wide. */
const MAX_CELL_CHARS = 1000;

/** How a row can end; anything else is drawn without colour. */
type RowVerdict = keyof typeof VERDICT_STYLES;

/** The current state of one row. */
export interface LiveRow {
  readonly name: string;
  /** `waiting`, a phase such as `boot`, or a {@link RowVerdict}. */
  state: string;
  startedMs?: number;
  endedMs?: number;
  /** The latest output, or a note on the verdict. */
  line: string;
}

/** Where a {@link LiveTable} writes, and its clock; tests pass their own. */
interface LiveTableOptions {
  /** Redraw in place (default: standard error is a terminal). */
  readonly terminal?: boolean;
  /** For plain lines (default: standard error). */
  readonly write?: (text: string) => void;
  /** Milliseconds of a steady clock. */
  readonly now?: () => number;
}

/**
 * Shows parallel work on standard error: on a terminal one line each, redrawn in place; elsewhere a
 * plain line per change. Log lines appear above. Disposal leaves the last state and shows the
 * cursor.
 */
export class LiveTable implements Disposable {
  readonly #rows: Map<string, LiveRow>;
  readonly #terminal: boolean;
  readonly #write: (text: string) => void;
  readonly #now: () => number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(names: readonly string[], options: LiveTableOptions = {}) {
    this.#rows = new Map(
      names.map((name) => [name, { name: cell(name), state: "waiting", line: "" }]),
    );
    this.#terminal = options.terminal ?? isTerminal();
    this.#write = options.write ?? writeStderr;
    this.#now = options.now ?? (() => performance.now());
    if (!this.#terminal) return;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
    // The table alone must not keep the process alive.
    Deno.unrefTimer(this.#timer);
    this.#draw();
  }

  /** A row enters a phase; its clock starts with the first one. */
  phase(name: string, phase: string): void {
    const row = this.#row(name);
    const state = cell(phase);
    if (row.state === state) return;
    row.state = state;
    row.startedMs ??= this.#now();
    row.line = "";
    this.#tell(row);
  }

  /** The newest line of a row's output; shown on terminals only. */
  line(name: string, text: string): void {
    const line = cell(text).trim();
    if (line !== "") this.#row(name).line = line;
  }

  /** A row ends; its clock stops. */
  finish(name: string, verdict: RowVerdict, note = ""): void {
    const row = this.#row(name);
    row.state = verdict;
    row.endedMs = this.#now();
    row.line = cell(note);
    this.#tell(row);
  }

  [Symbol.dispose](): void {
    if (!this.#terminal) return;
    clearInterval(this.#timer);
    this.#draw();
    unpinLines({ keep: true });
  }

  #row(name: string): LiveRow {
    const row = this.#rows.get(name);
    if (row === undefined) {
      throw new RangeError(`Cannot update row "${name}": it is not in the table`);
    }
    return row;
  }

  #tell(row: LiveRow): void {
    if (this.#terminal) return;
    const seconds = row.endedMs === undefined ? "" : elapsed(row, row.endedMs);
    const state = `${row.state} ${seconds}`.trimEnd();
    this.#write(plainText(`${row.name}: ${state}${row.line === "" ? "" : `  ${row.line}`}\n`));
  }

  #draw(): void {
    const rows = [...this.#rows.values()];
    // One column stays free: a full last column makes some terminals wrap.
    pinLines(renderLiveRows(rows, terminalSize().columns - 1, this.#now(), wantColor()));
  }
}

/** A text of a row: one plain line, whose width is known. */
function cell(text: string): string {
  const line = text.trimEnd().slice(0, MAX_CELL_CHARS).replaceAll("\n", " ");
  return plainLine(line).replaceAll("\t", " ");
}

/** Draws rows as lines of at most `width` columns: name, state, seconds, newest output. */
export function renderLiveRows(
  rows: readonly LiveRow[],
  width: number,
  nowMs: number,
  color = false,
): string[] {
  const widest = (cells: string[]) => Math.max(0, ...cells.map(displayWidth));
  const names = widest(rows.map(({ name }) => name));
  const states = widest(rows.map(({ state }) => state));
  const times = widest(rows.map((row) => elapsed(row, nowMs)));
  return rows.map((row) => {
    const time = padStart(elapsed(row, nowMs), times);
    const plain = `${padEnd(row.name, names)}  ${padEnd(row.state, states)}  ${time}  ${row.line}`;
    const line = truncate(plain.trimEnd(), width);
    return color ? colorState(line, row.state, names + 2) : line;
  });
}

function elapsed({ startedMs, endedMs }: LiveRow, nowMs: number): string {
  return startedMs === undefined ? "" : formatSeconds((endedMs ?? nowMs) - startedMs);
}

const VERDICT_STYLES = {
  pass: "green",
  fail: "red",
  error: "red",
  skip: "yellow",
  interrupted: "yellow",
} as const;

function colorState(line: string, state: string, start: number): string {
  const style = VERDICT_STYLES[state as RowVerdict] ?? "bold";
  const at = line.indexOf(state, start);
  if (at === -1) return line; // cut off by a narrow terminal
  return line.slice(0, at) + paint(style, state, true) + line.slice(at + state.length);
}
