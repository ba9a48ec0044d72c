import { writeAll } from "../../base/files/write_all.ts";
import { ChunkedBody } from "./chunked_body.ts";

/** The interface of each end of a connection. */
type End = Pick<Deno.Conn, "read" | "write" | "close"> & { closeWrite(): Promise<void> };

interface CopyOptions {
  readonly client: End;
  readonly server: End;
  /** What the client has already sent. */
  readonly first: Uint8Array<ArrayBuffer>;
  /** Bytes from the client for the server, including `first`; the rest is dropped. */
  readonly clientBytes: number;
  /** Whether these bytes are a body in chunks, with which they end. */
  readonly isChunked: boolean;
  /** Whether the server's end ends the connection, as after an answer. */
  readonly serverEnds: boolean;
  /** How long both may be silent. */
  readonly idleMs: number;
}

const PIECE_BYTES = 64 * 1024;

/**
 * Copies both ways until both ends have ended, one fails, or both are silent for too long. Each end
 * is passed on separately. Never throws; closes neither end.
 */
export async function copyBothWays(options: CopyOptions): Promise<void> {
  const { client, server, first, clientBytes, serverEnds, idleMs } = options;
  const over = Promise.withResolvers<void>();
  let timer = setTimeout(over.resolve, idleMs);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(over.resolve, idleMs);
  };
  let left = clientBytes;
  const chunks = options.isChunked ? new ChunkedBody() : undefined;
  const toServer = async (piece: Uint8Array<ArrayBuffer>) => {
    const part = piece.subarray(0, Math.min(left, chunks?.take(piece) ?? piece.length));
    left = chunks?.isOver ? 0 : left - part.length;
    if (part.length > 0) await writeAll(server, part);
  };
  const up = async () => {
    await toServer(first);
    await pump(client, toServer, alive);
    // A server may think that the client is no longer interested in the answer.
    if (left > 0) await server.closeWrite();
  };
  const down = async () => {
    await pump(server, (piece) => writeAll(client, piece), alive);
    await client.closeWrite();
    if (serverEnds) over.resolve();
  };
  // If either fails, the other has nobody to copy to or from.
  const both = Promise.all([up(), down()]).catch(() => {});
  try {
    await Promise.race([both, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function pump(
  from: Pick<End, "read">,
  to: (piece: Uint8Array<ArrayBuffer>) => Promise<void>,
  alive: () => void,
): Promise<void> {
  const buffer = new Uint8Array(PIECE_BYTES);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    alive();
    await to(buffer.subarray(0, count));
    alive();
  }
}
