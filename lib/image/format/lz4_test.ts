import { assertEquals, assertThrows } from "@std/assert";
import { LZ4_LEGACY_MAGIC, unpackLz4Legacy } from "./lz4.ts";

/** A frame of blocks, and the unpacked size that Linux adds. */
function frame(size: number, ...blocks: number[][]): Uint8Array {
  const u32 = (value: number) => [0, 8, 16, 24].map((shift) => value >>> shift & 0xff);
  return new Uint8Array([
    ...LZ4_LEGACY_MAGIC,
    ...blocks.flatMap((block) => [...u32(block.length), ...block]),
    ...u32(size),
  ]);
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => [...new TextEncoder().encode(value)];

Deno.test("unpackLz4Legacy() unpacks literals, matches that overlap, and long lengths", () => {
  assertEquals(text(unpackLz4Legacy(frame(3, [0x30, ...bytes("abc")]))), "abc");
  // "ab", then 8 bytes from 2 back, then "c".
  const overlapping = [0x24, ...bytes("ab"), 2, 0, 0x10, ...bytes("c")];
  assertEquals(text(unpackLz4Legacy(frame(11, overlapping))), "ababababab" + "c");
  const long = "x".repeat(300);
  assertEquals(text(unpackLz4Legacy(frame(300, [0xf0, 255, 30, ...bytes(long)]))), long);
  const two = frame(4, [0x20, ...bytes("ab")], [0x20, ...bytes("cd")]);
  assertEquals(text(unpackLz4Legacy(two)), "abcd");
});

Deno.test("unpackLz4Legacy() refuses truncated data, and matches that point outside", () => {
  const faults: [Uint8Array, string][] = [
    [new Uint8Array(16), "Not a legacy LZ4 frame"],
    [frame(9, [0x30, ...bytes("abc")]), "LZ4"],
    [frame(3, [0x30, ...bytes("ab")]), "literals are too long"],
    [frame(9, [0x14, ...bytes("a"), 5, 0]), "a match is outside"],
    [frame(9, [0x14, ...bytes("a"), 0, 0]), "a match is outside"],
    [frame(400, [0xf0, 255]), "a length is cut off"],
  ];
  for (const [packed, says] of faults) {
    assertThrows(() => unpackLz4Legacy(packed), SyntaxError, says);
  }
});
