/** First bytes of LZ4's legacy frame, which Linux kernels are packed in. */
export const LZ4_LEGACY_MAGIC = [0x02, 0x21, 0x4c, 0x18];

/** No block of a legacy frame unpacks to more. */
const BLOCK_BYTES = 8 * 2 ** 20;

/**
 * Unpacks LZ4's legacy frame (lz4_Frame_format.md, "Legacy frame") with Linux's unpacked size at
 * the end. Throws {@link SyntaxError}.
 */
export function unpackLz4Legacy(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (packed.length < 8 || LZ4_LEGACY_MAGIC.some((byte, index) => packed[index] !== byte)) {
    throw new SyntaxError("Not a legacy LZ4 frame");
  }
  const size = view.getUint32(packed.length - 4, true);
  const output = new Uint8Array(size);
  let from = 4;
  let to = 0;
  while (to < size) {
    if (from + 4 > packed.length) throw new SyntaxError("The LZ4 frame is cut off");
    const end = from + 4 + view.getUint32(from, true);
    if (end > packed.length) throw new SyntaxError("An LZ4 block is longer than its frame");
    to = unpackBlock(packed.subarray(from + 4, end), output, to);
    from = end;
  }
  return output;
}

/** Returns where the block's data ends in the output. */
function unpackBlock(block: Uint8Array, output: Uint8Array, start: number): number {
  const limit = Math.min(output.length, start + BLOCK_BYTES);
  let from = 0;
  let to = start;
  const length = (nibble: number): number => {
    let sum = nibble;
    if (nibble !== 15) return sum;
    for (let byte = 255; byte === 255;) {
      byte = block[from++] ?? fault("a length is cut off");
      sum += byte;
    }
    return sum;
  };
  while (from < block.length) {
    const token = block[from++]!;
    const literals = length(token >> 4);
    if (from + literals > block.length || to + literals > limit) fault("literals are too long");
    output.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last sequence has no match.
    if (from >= block.length) break;
    const offset = (block[from] ?? 0) | (block[from + 1] ?? 0) << 8;
    from += 2;
    const matched = length(token & 15) + 4;
    if (offset === 0 || offset > to - start || to + matched > limit) fault("a match is outside");
    // It may overlap what it writes, and then repeats it.
    for (let done = 0; done < matched;) {
      const count = Math.min(offset, matched - done);
      output.copyWithin(to, to - offset, to - offset + count);
      to += count;
      done += count;
    }
  }
  return to;
}

function fault(why: string): never {
  throw new SyntaxError(`The LZ4 block is damaged: ${why}`);
}
