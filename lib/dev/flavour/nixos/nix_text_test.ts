import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { run } from "../../../base/process/run.ts";
import { findProgram } from "../../../base/process/find_program.ts";
import { nixText, type NixValue, quoteNix } from "./nix_text.ts";

const CASES: readonly [name: string, text: string, quoted: string][] = [
  ["plain text", "ssh-ed25519 AAAA me@host", '"ssh-ed25519 AAAA me@host"'],
  ["an interpolation", "a${builtins.exec}b", '"a\\${builtins.exec}b"'],
  ["a dollar that begins nothing", "$5 $$ $", '"$5 $$ $"'],
  ["a dollar before an interpolation", "$${x}", '"$\\${x}"'],
  ["quotes", 'say "hi"', '"say \\"hi\\""'],
  ["backslashes", "C:\\n", '"C:\\\\n"'],
  ["a backslash before an interpolation", "\\${x}", '"\\\\\\${x}"'],
  ["line breaks and tabs", "a\nb\r\n\tc", '"a\\nb\\r\\n\\tc"'],
  ["two apostrophes, which end the other kind of string", "''", "\"''\""],
  ["nothing", "", '""'],
];

for (const [name, text, quoted] of CASES) {
  Deno.test(`quoteNix() keeps ${name}`, () => assertEquals(quoteNix(text), quoted));
}

Deno.test("quoteNix() refuses a NUL", () => {
  assertThrows(() => quoteNix("a\0b"), RangeError, "NUL");
});

Deno.test("nixText() writes sets, lists, booleans and numbers", () => {
  const value = { a: 1, "b c": [true, -2], in: {}, list: [], nested: { x: "y" } };
  assertEquals(
    nixText(value),
    [
      "{",
      "  a = 1;",
      '  "b c" = [',
      "    true",
      "    (-2)",
      "  ];",
      '  "in" = { };',
      "  list = [ ];",
      "  nested = {",
      '    x = "y";',
      "  };",
      "}",
    ].join("\n"),
  );
});

Deno.test("nixText() refuses fractions", () => {
  assertThrows(() => nixText(1.5), RangeError, "1.5");
  assertThrows(() => nixText(2 ** 60), RangeError);
});

const EVALUATE = ["nix-instantiate", "--store", "dummy://", "--eval", "--strict", "--json", "-"];

Deno.test({
  name: "nixText() writes text that Nix reads as the same value",
  ignore: findProgram("nix-instantiate") === undefined,
  fn: async () => {
    // One evaluation of many values: each start of Nix takes longer than all of them.
    const text = fc.string({ unit: "grapheme-ascii" });
    const pieces = ["$", "{", "}", "\\", '"', "'", "\n", "\r", "\u0001", "é", "😀"];
    const hostile = fc.array(fc.constantFrom(...pieces)).map((chosen) => chosen.join(""));
    const leaf = fc.oneof(text, hostile, fc.boolean(), fc.maxSafeInteger());
    const values = fc.oneof(leaf, fc.array(leaf), fc.dictionary(hostile, fc.array(leaf)));
    const sample = fc.sample(values, 200) as NixValue[];
    const { code, stdout, stderr } = await run(EVALUATE, { stdin: nixText(sample) });
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(stdout), JSON.parse(JSON.stringify(sample)));
  },
});
