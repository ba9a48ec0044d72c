import { createHash } from "node:crypto";
import { createZstdDecompress } from "node:zlib";
import { createReadStream } from "node:fs";
import { Buffer } from "node:buffer";
import { WorkError } from "../base/errors.ts";
import { writeAll } from "../base/files/write_all.ts";

/** What reads as zeros in whole blocks of this size is not written. */
const BLOCK_BYTES = 64 * 1024;
const ZEROS = new Uint8Array(BLOCK_BYTES);

interface UnpackOptions {
  readonly signal: AbortSignal;
  /** Called with how many bytes have come out. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Unpacks a `.zst` file, or copies another one; zeros become holes. Throws {@link WorkError} for
 * damaged data, but not for truncated data: that is a checksum's job.
 */
export async function unpackSparse(
  from: string,
  to: string,
  { signal, onProgress }: UnpackOptions,
): Promise<void> {
  const source = createReadStream(from, { highWaterMark: BLOCK_BYTES });
  const stream = from.endsWith(".zst") ? source.pipe(createZstdDecompress()) : source;
  // The loop below meets it; but one that comes between two turns must not be nobody's.
  stream.on("error", () => {});
  // `pipe` does not pass errors on.
  if (stream !== source) source.on("error", (error) => stream.destroy(error));
  try {
    await writeSparse(stream as AsyncIterable<Buffer>, to, (at) => {
      signal.throwIfAborted();
      onProgress?.(at);
    });
  } catch (error) {
    signal.throwIfAborted();
    // Deno gives it no code, unlike faults of files.
    if (!/^Zstd /.test(error instanceof Error ? error.message : "")) throw error;
    throw new WorkError(`Cannot unpack ${from}: its data is damaged`, {
      details: [error instanceof Error ? error.message : String(error)],
      next: "deno task arm-dev-init --force",
      cause: error,
    });
  } finally {
    source.destroy();
  }
}

/**
 * Writes a file, with holes for zeros, and waits until it is on the disk. `onBlock` is called with
 * how many bytes there are by now, the next block included that is not written yet, and may throw.
 * Returns the SHA-256 of all bytes.
 */
export async function writeSparse(
  chunks: AsyncIterable<Uint8Array>,
  to: string,
  onBlock: (bytes: number) => void,
): Promise<string> {
  using file = await Deno.open(to, { write: true, create: true, truncate: true });
  const hash = createHash("sha256");
  let at = 0;
  for await (const block of blocksOf(chunks)) {
    onBlock(at + block.length);
    hash.update(block);
    if (!isZero(block)) {
      await file.seek(at, Deno.SeekMode.Start);
      await writeAll(file, block);
    }
    at += block.length;
  }
  await file.truncate(at);
  await file.sync();
  return hash.digest("hex");
}

/**
 * The same bytes in blocks of {@link BLOCK_BYTES}; the last one may be shorter. Each is the same
 * memory again: a new one for each of a whole disk would be freed too late.
 */
async function* blocksOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const block = new Uint8Array(BLOCK_BYTES);
  let have = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(chunk.length - at, BLOCK_BYTES - have);
      block.set(chunk.subarray(at, at + taken), have);
      have += taken;
      at += taken;
      if (have < BLOCK_BYTES) continue;
      yield block;
      have = 0;
    }
  }
  if (have > 0) yield block.subarray(0, have);
}

function isZero(block: Uint8Array): boolean {
  return Buffer.compare(block, ZEROS.subarray(0, block.length)) === 0;
}
