import { concat } from "@std/bytes";

/** Thrown by {@link LineSplitter} when a peer sends a line longer than the limit. */
export class LineTooLongError extends RangeError {
  override name = "LineTooLongError";
  constructor(readonly maxBytes: number) {
    super(`received a line longer than ${maxBytes} bytes`);
  }
}

/**
 * Cuts bytes into lines of UTF-8 (LF or CR LF), keeping at most `maxBytes` of an unfinished one.
 */
export class LineSplitter {
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(readonly maxBytes: number) {}

  /** The lines that this chunk completes. The chunk may be reused by the caller afterwards. */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    while (true) {
      const end = chunk.indexOf(LF, start);
      if (end === -1) break;
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    // Copied, since the caller reads the next chunk into the same buffer.
    this.#keep(chunk.slice(start));
    return lines;
  }

  #keep(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > this.maxBytes) throw new LineTooLongError(this.maxBytes);
    if (part.length > 0) this.#parts.push(part);
  }

  #take(): string {
    const line = concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    const end = line.at(-1) === CR ? line.length - 1 : line.length;
    return new TextDecoder().decode(line.subarray(0, end));
  }
}

const LF = 0x0a;
const CR = 0x0d;
