import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { displayWidth, formatSeconds, padEnd, padStart, truncate } from "./text.ts";

Deno.test("displayWidth() counts terminal columns", () => {
  const cases: [string, number][] = [
    ["", 0],
    ["plain", 5],
    ["\x1b[31mred\x1b[0m", 3],
    ["\x1b]8;;x\x07link\x1b]8;;\x07", 4],
    ["日本", 4],
    ["e\u0301", 1],
    ["🦕", 2],
  ];
  for (const [text, width] of cases) assertEquals(displayWidth(text), width, text);
});

Deno.test("truncate() cuts to columns and marks the cut", () => {
  assertEquals(truncate("debian-amd64", 12), "debian-amd64");
  assertEquals(truncate("debian-amd64", 7), "debian…");
  assertEquals(truncate("日本語", 4), "日…");
  assertEquals(truncate("abc", 1), "…");
  assertEquals(truncate("abc", 0), "");
});

Deno.test("truncate() never exceeds the columns", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "日", "🦕", "\u0301", " ") });
  fc.assert(fc.property(text, fc.nat(20), (line, columns) => {
    assertEquals(displayWidth(truncate(line, columns)) <= columns, true);
  }));
});

Deno.test("padEnd() and padStart() pad by columns", () => {
  assertEquals(padEnd("日", 4), "日  ");
  assertEquals(padStart("12.3s", 7), "  12.3s");
  assertEquals(padEnd("longer", 3), "longer");
});

Deno.test("formatSeconds() shows tenths", () => {
  assertEquals([0, 49, 12_340, 3_600_000].map(formatSeconds), ["0.0s", "0.0s", "12.3s", "3600.0s"]);
});
