import { plainLine } from "../qemu/terminal_text.ts";

/** The longest line that is kept whole. What follows up to its end is dropped. */
const MAX_LINE_CHARS = 4096;

/**
 * Puts a byte stream of a terminal back together as plain lines, whatever the cuts between its
 * pieces: within a line, a character or an escape sequence. Its memory is bounded.
 */
export class LineBuffer {
  #decoder = new TextDecoder();
  #rest = "";

  /** The lines that these bytes complete. */
  push(bytes: Uint8Array): string[] {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    const lines = text.split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, MAX_LINE_CHARS);
    return lines.map((line) => plainLine(line.slice(0, MAX_LINE_CHARS)));
  }

  /** The line that has not ended yet: often a prompt. */
  get unfinished(): string {
    return plainLine(this.#rest);
  }
}
