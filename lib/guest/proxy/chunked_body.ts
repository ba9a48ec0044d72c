import { BadRequestError } from "./proxy_request.ts";

const NEWLINE = "\n".charCodeAt(0);
/** Of a chunk's size with its extensions, and of a trailer. */
const LONGEST_LINE = 8192;

/** Finds the end of a body that comes in chunks (RFC 9112, 7.1). */
export class ChunkedBody {
  #wanted: "size" | "end of data" | "trailer" = "size";
  #dataLeft = 0;
  /** The part of a line that has come. */
  #line = "";

  isOver = false;

  /** How many bytes of the next piece belong to the body. Throws {@link BadRequestError}. */
  take(piece: Uint8Array): number {
    let at = 0;
    while (at < piece.length && !this.isOver) {
      if (this.#dataLeft > 0) {
        const count = Math.min(this.#dataLeft, piece.length - at);
        this.#dataLeft -= count;
        at += count;
        continue;
      }
      const end = piece.indexOf(NEWLINE, at) + 1 || piece.length;
      if (this.#line.length + end - at > LONGEST_LINE) throw malformed();
      this.#line += String.fromCharCode(...piece.subarray(at, end));
      at = end;
      if (!this.#line.endsWith("\n")) break;
      const line = this.#line;
      this.#line = "";
      this.#takeLine(line);
    }
    return at;
  }

  #takeLine(line: string): void {
    // Two readings of where a line ends would be two of where the body does.
    if (!/^[^\r\n]*\r\n$/.test(line)) throw malformed();
    if (this.#wanted === "trailer") {
      this.isOver = line === "\r\n";
    } else if (this.#wanted === "end of data") {
      if (line !== "\r\n") throw malformed();
      this.#wanted = "size";
    } else {
      const [, size] = /^([0-9a-f]{1,8})[ \t]*(?:;|\r)/i.exec(line) ?? [];
      if (size === undefined) throw malformed();
      this.#dataLeft = parseInt(size, 16);
      this.#wanted = this.#dataLeft === 0 ? "trailer" : "end of data";
    }
  }
}

const malformed = () => new BadRequestError("a chunk of its body is malformed");
