const BLOCK_BYTES = 1 << 20;

/** The module takes 50 ms to load, and most tasks hash no file. */
const startHash = async () => (await import("node:crypto")).createHash("sha256");

/** SHA-256 of a file in hexadecimal, read as a stream. */
export async function sha256File(path: string): Promise<string> {
  const hash = await startHash();
  for await (const { data } of blocks(path)) hash.update(data);
  return hash.digest("hex");
}

/** A part of a file, in bytes. */
export interface Extent {
  readonly start: number;
  readonly length: number;
}

/**
 * A digest of a file that is mostly zeros, such as a guest's memory: SHA-256 over the size, and the
 * position and content of each block of 1 MiB that is not all zeros. Blocks outside `data`, which
 * must be zeros, are not read.
 */
export async function sparseDigest(path: string, data?: readonly Extent[]): Promise<string> {
  const hash = await startHash();
  // As memcmp; a loop in TypeScript would take longer than the hash.
  const { Buffer } = await import("node:buffer");
  const zeros = new Uint8Array(BLOCK_BYTES);
  const { size } = await Deno.stat(path);
  for await (const block of blocks(path, data)) {
    if (Buffer.compare(block.data, zeros.subarray(0, block.data.length)) === 0) continue;
    hash.update(`${block.offset} ${block.data.length}\n`);
    hash.update(block.data);
  }
  return hash.update(`end ${size}\n`).digest("hex");
}

async function* blocks(
  path: string,
  extents: readonly Extent[] = [{ start: 0, length: Infinity }],
): AsyncGenerator<{ offset: number; data: Uint8Array }> {
  using file = await Deno.open(path, { read: true });
  const buffer = new Uint8Array(BLOCK_BYTES);
  let offset = 0;
  for (const { start, length: extentLength } of extents) {
    offset = Math.max(offset, Math.floor(start / BLOCK_BYTES) * BLOCK_BYTES);
    await file.seek(offset, Deno.SeekMode.Start);
    while (offset < start + extentLength) {
      let length = 0;
      // Short reads must not shift the blocks.
      while (length < BLOCK_BYTES) {
        const count = await file.read(buffer.subarray(length));
        if (count === null) break;
        length += count;
      }
      if (length === 0) return;
      yield { offset, data: buffer.subarray(0, length) };
      offset += length;
    }
  }
}
