import { BadRequestError } from "./proxy_request.ts";

/** What a request's head may take. */
const LONGEST_HEAD_BYTES = 32 * 1024;

/** A request's head, and what has come after it already. */
export interface Head {
  /** One character for each byte, with the empty line at its end. */
  readonly text: string;
  readonly rest: Uint8Array<ArrayBuffer>;
}

/**
 * Reads a head with its final empty line; `undefined` for nothing. Throws {@link BadRequestError}.
 */
export async function readHead(conn: Pick<Deno.Conn, "read">): Promise<Head | undefined> {
  const buffer = new Uint8Array(LONGEST_HEAD_BYTES);
  const decoder = new TextDecoder("latin1");
  let length = 0;
  while (true) {
    const count = await conn.read(buffer.subarray(length));
    if (count === null && length === 0) return undefined;
    if (count === null) throw new BadRequestError("it ends within its head");
    // The empty line may have begun in the piece before.
    const from = Math.max(0, length - 3);
    length += count;
    const piece = decoder.decode(buffer.subarray(from, length));
    // Also where lines end with LF alone, so that this gets an answer.
    const end = /\n\r?\n/.exec(piece);
    if (end !== null) {
      const headBytes = from + end.index + end[0].length;
      return {
        // Not by the decoder: what the web calls latin1 is windows-1252.
        text: Array.from(buffer.subarray(0, headBytes), (byte) => String.fromCharCode(byte))
          .join(""),
        rest: buffer.slice(headBytes, length),
      };
    }
    if (length === buffer.length) throw new BadRequestError("its head is too long", 431);
  }
}
