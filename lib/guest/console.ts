import { wordText } from "../base/text/command_text.ts";
import { LineBuffer } from "../base/text/line_buffer.ts";
import { fill, type Values } from "../symptoms/fill.ts";
import type { ConsoleCause, findCause } from "./console_causes.ts";

/** Messages of our own initramfs after each step; see `docs/tiny-init.md`. */
const STEP = /\[init\] (\S+: (?:total )?\d+ ms.*)/;
/** Printed by a guest's last unit once its SSH server listens; see `provision/`. */
const READY = /guesthouse: ready$/;

/** How many lines a {@link ConsoleLog} keeps: more than a message shows. */
const KEPT_LINES = 200;
/** Only the beginning of a line is matched. */
const MAX_LINE_CHARS = 4096;
/** How much of the file to read at once. */
const CHUNK_BYTES = 64 * 1024;

/** Follows a guest's console log as plain text; each {@link ConsoleLog.poll} reads what is new. */
export class ConsoleLog {
  readonly path: string;
  #offset = 0;
  #decoder = new TextDecoder();
  #buffer = new LineBuffer(MAX_LINE_CHARS);
  #kept: string[] = [];
  #cause?: ConsoleCause;
  #symptoms: ConsoleCause[] = [];
  #ready = false;
  #lastStep?: string;
  /** Loaded with the first line: a guest that starts from a snapshot writes none. */
  #findCause?: typeof findCause;

  constructor(path: string) {
    this.path = path;
  }

  /** The most specific reason why the guest cannot start, once there is one. */
  get cause(): ConsoleCause | undefined {
    return this.#cause;
  }

  /** What does not stop a guest but explains its failures, each kind once. */
  get symptoms(): readonly ConsoleCause[] {
    return this.#symptoms;
  }

  /** Whether the guest has announced that its SSH server listens. */
  get ready(): boolean {
    return this.#ready;
  }

  /** The last message of the initramfs about its progress. */
  get lastStep(): string | undefined {
    return this.#lastStep;
  }

  /** The line that has not ended yet: where the cursor stands, as after a prompt. */
  get unfinished(): string {
    return this.#buffer.unfinished;
  }

  /** How far the log was read: it grows with whatever the console shows. */
  get bytes(): number {
    return this.#offset;
  }

  /** The last lines, without empty ones; an unfinished line (a prompt) counts. */
  tail(count = 40): string[] {
    return [...this.#kept, this.#buffer.unfinished].filter((line) => line !== "").slice(-count);
  }

  /** Returns the lines completed since the last call. A shorter file was emptied by a new start. */
  async poll(): Promise<readonly string[]> {
    const lines: string[] = [];
    try {
      using file = await Deno.open(this.path, { read: true });
      const { size } = await file.stat();
      if (size < this.#offset) this.#restart();
      if (size === this.#offset) return [];
      this.#findCause ??= (await import("./console_causes.ts")).findCause;
      await file.seek(this.#offset, Deno.SeekMode.Start);
      const chunk = new Uint8Array(CHUNK_BYTES);
      // Up to the initial size: a guest that floods its console must not block the task.
      while (this.#offset < size) {
        const length = await file.read(chunk);
        if (length === null) break;
        this.#offset += length;
        const completed = this.#buffer.push(this.#decode(chunk.subarray(0, length)));
        for (const line of completed) {
          this.#examine(line);
          lines.push(line);
        }
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
    this.#remember(lines);
    // A prompt never ends its line. Seeing the same text again does no harm.
    this.#examine(this.#buffer.unfinished);
    return lines;
  }

  #decode(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true });
  }

  #restart(): void {
    this.#offset = 0;
    this.#decoder = new TextDecoder();
    this.#buffer = new LineBuffer(MAX_LINE_CHARS);
    this.#kept = [];
    this.#cause = undefined;
    this.#symptoms = [];
    this.#ready = false;
    this.#lastStep = undefined;
  }

  #remember(lines: readonly string[]): void {
    this.#kept = [...this.#kept, ...lines.slice(-KEPT_LINES)].slice(-KEPT_LINES);
  }

  #examine(line: string): void {
    if (line === "") return;
    if (READY.test(line)) this.#ready = true;
    const step = STEP.exec(line)?.[1];
    if (step !== undefined) this.#lastStep = step;
    const cause = this.#findCause?.(line);
    if (cause === undefined) return;
    if (cause.fatal) {
      if (this.#cause === undefined || cause.rank < this.#cause.rank) this.#cause = cause;
    } else if (!this.#symptoms.some(({ kind }) => kind === cause.kind)) {
      this.#symptoms.push(cause);
    }
  }
}

/** Spells out a piece of advice for one guest. */
export function spellAdvice(
  advice: string,
  guest: { readonly name: string; readonly console: string },
  values: Values = {},
): string {
  return fill(advice, { ...values, guest: guest.name, console: guest.console }, wordText);
}
