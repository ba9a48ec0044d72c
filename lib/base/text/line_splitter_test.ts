import { assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { LineSplitter, LineTooLongError } from "./line_splitter.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("LineSplitter gives the same lines however the bytes are cut into chunks", () => {
  const lines = fc.array(fc.string({ unit: "grapheme" }).filter((s) => !/[\r\n]/.test(s)));
  fc.assert(fc.property(lines, fc.integer({ min: 1, max: 9 }), (lines, size) => {
    const bytes = encode(lines.map((line) => `${line}\r\n`).join(""));
    const splitter = new LineSplitter(1 << 20);
    const got: string[] = [];
    // One buffer for every chunk, as a reader of a connection has.
    const buffer = new Uint8Array(size);
    for (let at = 0; at < bytes.length; at += size) {
      const chunk = bytes.subarray(at, at + size);
      buffer.set(chunk);
      got.push(...splitter.push(buffer.subarray(0, chunk.length)));
    }
    assertEquals(got, lines);
  }));
});

Deno.test("LineSplitter accepts a line of exactly the limit", () => {
  assertEquals(new LineSplitter(4).push(encode("abcd\n")), ["abcd"]);
});

Deno.test("LineSplitter refuses a line that passes the limit before it ends", () => {
  const splitter = new LineSplitter(4);
  splitter.push(encode("ab"));
  assertThrows(
    () => splitter.push(encode("cde")),
    LineTooLongError,
    "received a line longer than 4 bytes",
  );
});
