import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import * as fc from "fast-check";
import { $ } from "../base/process/dollar.ts";
import { quoteWord, shellQuote } from "./quote.ts";

const cases: [argv: string[], quoted: string][] = [
  [["cmake", "--build", "/tmp/b-1", "-j4"], "cmake --build /tmp/b-1 -j4"],
  [["my project"], "'my project'"],
  [[""], "''"],
  [["it's"], "'it'\\''s'"],
  [["$HOME", "`id`", "a;b", "~", "*"], "'$HOME' '`id`' 'a;b' '~' '*'"],
  [["A=1", "if", "-n"], "'A=1' 'if' -n"],
  [["-x", "-y"], "'-x' -y"],
  [["a\nb"], "'a\nb'"],
  [[], ""],
];

for (const [argv, quoted] of cases) {
  Deno.test(`shellQuote() writes ${JSON.stringify(argv)} as ${JSON.stringify(quoted)}`, () => {
    assertEquals(shellQuote(argv), quoted);
  });
}

Deno.test("shellQuote() passes any words through a real shell unchanged", async () => {
  const word = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom(..."'\"\\$`!*?~#&;|<>(){}[]=- \n\r\tä日🎉".match(/./gsu) ?? []),
    }),
    fc.constantFrom("", "-", "--", "-n", "-e", "if", "done", "A=b", "\n", "''", "\\", "'\\''"),
  ).filter((text) => !text.includes("\0"));
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 8 }), async (words) => {
      const { stdout, code } = await $`sh -c ${`printf '%s\\0' ${shellQuote(words)}`}`.noThrow();
      assertEquals(code, 0);
      assertEquals(stdout, words.map((text) => `${text}\0`).join(""));
    }),
    { numRuns: 60 },
  );
});

Deno.test("shellQuote() runs a program whose name a shell would read as syntax", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gh-quote-" });
  try {
    for (const name of ["if", "A=1", "-x", "!", "a b", "{"]) {
      await Deno.writeTextFile(join(dir, name), '#!/bin/sh\nprintf "%s" "ran $1"\n', {
        mode: 0o755,
      });
      const { stdout, stderr } = await $`sh -c ${shellQuote([name, "it"])}`.env({
        PATH: `${dir}:${Deno.env.get("PATH")}`,
      });
      assertEquals([stdout, stderr], ["ran it", ""], name);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("quoteWord() refuses a NUL byte, which no argument can hold", () => {
  assertThrows(
    () => quoteWord("a\0b"),
    RangeError,
    'Cannot quote "a\\u0000b": an argument cannot hold a NUL byte',
  );
});
