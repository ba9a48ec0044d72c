import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { LineBuffer } from "./line_buffer.ts";
import { charactersRead } from "./testdata/characters_read.ts";

/** The lines of pieces, the last one included whether it has an end or not. */
function linesOf(pieces: readonly string[], buffer = new LineBuffer()): string[] {
  return [...pieces.flatMap((piece) => buffer.push(piece)), ...buffer.flush()];
}

Deno.test("LineBuffer ends lines at newlines and at carriage returns", () => {
  const cases: [string, string[]][] = [
    ["a\nb\r\nc", ["a", "b", "c"]],
    ["10%\r20%\r30%\ndone\n", ["10%", "20%", "30%", "done"]],
    ["\n\r\n\n", ["", "", ""]],
    ["\rover\r\r\n", ["over"]],
    ["\x1b[31mred\x1b[0m\x07\n", ["red"]],
    ["", []],
  ];
  for (const [text, lines] of cases) assertEquals(linesOf([text]), lines, JSON.stringify(text));
});

Deno.test("LineBuffer finds the same lines wherever the output is cut", () => {
  const output = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\r", "\n"), maxLength: 4 }));
  fc.assert(fc.property(output, (pieces) => {
    assertEquals(linesOf(pieces), linesOf([pieces.join("")]), JSON.stringify(pieces));
  }));
});

Deno.test("LineBuffer keeps the beginning of a long line, and says what it drops", () => {
  assertEquals(linesOf(["abc", "def", "gh\nnext"], new LineBuffer(4)), [
    "abcd… (4 more characters)",
    "next",
  ]);
  const buffer = new LineBuffer(4);
  buffer.push("abcdef");
  assertEquals(buffer.unfinished, "abcd… (2 more characters)");
});

Deno.test("LineBuffer reads 64 MiB without a line end no more often than the same in lines", () => {
  const pieceChars = 64 * 1024;
  const pieces = 1024;
  const cost = (piece: string) =>
    charactersRead(() => {
      const buffer = new LineBuffer();
      for (let count = 0; count < pieces; count++) buffer.push(piece);
    });
  const inLines = cost(("x".repeat(63) + "\n").repeat(pieceChars / 64));
  const inOneLine = cost("x".repeat(pieceChars));
  assert(inOneLine <= inLines, `${inOneLine} against ${inLines} characters`);
});
