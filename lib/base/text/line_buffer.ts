import { plainLine } from "./plain_text.ts";

/** The longest line that is kept whole. What follows up to its end is dropped. */
const MAX_LINE_CHARS = 64 * 1024;
/** A carriage return that overwrites a line ends it as well: progress bars have no other end. */
const LINE_END = /\r*\n|\r+/g;

/** Assembles a program's output into plain lines, in linear time and bounded memory. */
export class LineBuffer {
  readonly #maxChars: number;
  #parts: string[] = [];
  #length = 0;
  #afterReturn = false;

  /** @param maxChars the longest line that is kept whole */
  constructor(maxChars = MAX_LINE_CHARS) {
    this.#maxChars = maxChars;
  }

  /** The lines that this text completes. */
  push(text: string): string[] {
    const lines: string[] = [];
    let start = 0;
    for (const { index, 0: end } of text.matchAll(LINE_END)) {
      this.#keep(text.slice(start, index));
      start = index + end.length;
      const isNewline = end.endsWith("\n");
      // The second half of a line end that was cut, or a return at the beginning of a line.
      const isNoLine = this.#length === 0 && (this.#afterReturn || !isNewline);
      this.#afterReturn = !isNewline && start === text.length && (!isNoLine || this.#afterReturn);
      if (!isNoLine) lines.push(this.#take());
    }
    this.#keep(text.slice(start));
    return lines;
  }

  /** The line that has not ended yet: often a prompt. */
  get unfinished(): string {
    return plainLine(this.#text());
  }

  /** The last line, at the end of the output, if it has no end. */
  flush(): string[] {
    return this.#length === 0 ? [] : [this.#take()];
  }

  #keep(part: string): void {
    if (part === "") return;
    this.#afterReturn = false;
    const room = this.#maxChars - this.#length;
    if (room > 0) this.#parts.push(part.slice(0, room));
    this.#length += part.length;
  }

  #take(): string {
    const line = plainLine(this.#text());
    this.#parts = [];
    this.#length = 0;
    return line;
  }

  #text(): string {
    const lost = this.#length - this.#maxChars;
    return this.#parts.join("") + (lost > 0 ? `… (${lost} more characters)` : "");
  }
}
