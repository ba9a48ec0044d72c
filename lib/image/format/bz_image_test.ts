import { assertEquals, assertThrows } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { extractVmlinux } from "./bz_image.ts";

/** A bzImage with this payload and nothing else that runs. */
function bzImage(payload: Uint8Array): Uint8Array {
  const start = 5 * 512 + 16;
  const image = new Uint8Array(start + payload.length);
  const view = new DataView(image.buffer);
  image[0x1f1] = 4;
  image.set(new TextEncoder().encode("HdrS"), 0x202);
  view.setUint32(0x248, 16, true);
  view.setUint32(0x24c, payload.length, true);
  image.set(payload, start);
  return image;
}

/** Packed data with its unpacked size behind it, as Linux has it. */
function payload(packed: Uint8Array, size: number): Uint8Array {
  const whole = new Uint8Array(packed.length + 4);
  whole.set(packed);
  new DataView(whole.buffer).setUint32(packed.length, size, true);
  return whole;
}

Deno.test("extractVmlinux() unpacks the kernel, however it is packed", () => {
  const kernel = new Uint8Array(5000).map((_, index) => index * 7);
  for (const packed of [gzipSync(kernel), zstdCompressSync(kernel)]) {
    const image = bzImage(payload(packed, kernel.length));
    assertEquals(new Uint8Array(extractVmlinux(image)), kernel);
  }
});

Deno.test("extractVmlinux() says what is wrong with other files", () => {
  assertThrows(() => extractVmlinux(new Uint8Array(4096)), SyntaxError, "Not a bzImage");
  assertThrows(() => extractVmlinux(new Uint8Array(8)), SyntaxError, "Not a bzImage");
  const whole = bzImage(payload(gzipSync(new Uint8Array(99)), 99));
  assertThrows(() => extractVmlinux(whole.subarray(0, -9)), SyntaxError, "cut off");
  assertThrows(() => extractVmlinux(bzImage(new Uint8Array(64))), SyntaxError, "neither by LZ4");
});
