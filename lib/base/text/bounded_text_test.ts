import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { BoundedText } from "./bounded_text.ts";
import { charactersRead } from "./testdata/characters_read.ts";

Deno.test("BoundedText keeps all of a short text and the end of a long one", () => {
  fc.assert(fc.property(fc.array(fc.string()), fc.nat(20), (pieces, maxChars) => {
    const text = new BoundedText(maxChars);
    pieces.forEach((piece) => text.push(piece));
    const all = pieces.join("");
    assertEquals(text.text(), maxChars === 0 ? "" : all.slice(-maxChars));
    assertEquals([text.total, text.isCut], [all.length, all.length > maxChars]);
  }));
});

Deno.test("BoundedText copies a character a few times at most, however much comes", () => {
  const piece = "x".repeat(1000);
  const pieces = 20_000;
  const cost = charactersRead(() => {
    const text = new BoundedText(64 * 1024);
    for (let count = 0; count < pieces; count++) text.push(piece);
  });
  assert(cost < 8 * piece.length * pieces, `${cost} characters`);
});
