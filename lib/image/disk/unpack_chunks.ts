import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import xz from "xz-decompress";
import type { Packing } from "../../config/image_source.ts";

/** How much comes out at a time. */
const PIECE_BYTES = 256 * 1024;

/**
 * The bytes of a packed file while they arrive, unpacked. Throws the decompressor's error for data
 * that is damaged, or cut off where it is no `.zst`: that, Deno's decompressor does not notice.
 */
export function unpackChunks(
  chunks: AsyncIterable<Uint8Array>,
  packing: Packing,
): AsyncIterable<Uint8Array> {
  if (packing === "none") return chunks;
  if (packing === "xz") return new xz.XzReadableStream(ReadableStream.from(chunks));
  // Fewer and larger pieces: what they leave is freed sooner.
  const options = { chunkSize: PIECE_BYTES };
  const unpacker = packing === "gz" ? createGunzip(options) : createZstdDecompress(options);
  // Its error is also that of the stream, which the reader gets.
  return pipeline(Readable.from(chunks), unpacker, () => {});
}
