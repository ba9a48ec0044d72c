import { assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { parseQcow2Header } from "./qcow2_header.ts";

/** The header that `qemu-img create -f qcow2 x 64M` of QEMU 7.2 writes. */
function header(change: (view: DataView) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(104);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x514649fb);
  view.setUint32(4, 3);
  view.setUint32(20, 16);
  view.setBigUint64(24, 64n << 20n);
  view.setUint32(36, 1);
  view.setBigUint64(40, 0x30000n);
  view.setBigUint64(48, 0x10000n);
  view.setUint32(56, 1);
  change(view);
  return bytes;
}

Deno.test("parseQcow2Header() reads sizes and where the tables end", () => {
  assertEquals(parseQcow2Header(header()), {
    version: 3,
    diskBytes: 64 << 20,
    clusterBytes: 65536,
    hasBackingFile: false,
    hasDataFile: false,
    markedCorrupt: false,
    tablesEnd: 0x30008,
  });
});

Deno.test("parseQcow2Header() sees a backing file, a data file and the corrupt bit", () => {
  const { hasBackingFile, hasDataFile, markedCorrupt } = parseQcow2Header(header((view) => {
    view.setBigUint64(8, 112n);
    view.setBigUint64(72, 6n);
  }));
  assertEquals([hasBackingFile, hasDataFile, markedCorrupt], [true, true, true]);
});

Deno.test("parseQcow2Header() says what is wrong with other bytes", () => {
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(), "is not in qcow2 format"],
    [new TextEncoder().encode("<html>".repeat(20)), "is not in qcow2 format"],
    [header().subarray(0, 50), "is cut off after 50 bytes, within its header"],
    [header().subarray(0, 90), "is cut off after 90 bytes, within its header"],
    [header((view) => view.setUint32(4, 9)), "has qcow2 version 9, where 2 and 3 are known"],
    [header((view) => view.setUint32(20, 40)), "has clusters of 2^40 bytes"],
  ];
  for (const [bytes, text] of cases) assertThrows(() => parseQcow2Header(bytes), SyntaxError, text);
});

Deno.test("parseQcow2Header() returns or throws SyntaxError for any bytes after the magic", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (tail) => {
    const bytes = new Uint8Array([0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3, ...tail]);
    try {
      parseQcow2Header(bytes);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }));
});
