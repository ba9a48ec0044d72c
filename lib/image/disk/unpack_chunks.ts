import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import xz from "xz-decompress";
import type { Packing } from "../../config/image_source.ts";

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
  const unpacker = packing === "gz" ? createGunzip() : createZstdDecompress();
  // Its error is also that of the stream, which the reader gets.
  return pipeline(Readable.from(chunks), unpacker, () => {});
}
