import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { commandText } from "./command_text.ts";
import { $ } from "../process/dollar.ts";

Deno.test("commandText() quotes only what a shell would change", () => {
  assertEquals(commandText(["ls", "-l", "/tmp/a_b.c"]), "ls -l /tmp/a_b.c");
  assertEquals(commandText(["echo", "", "it's", "a b"]), "echo '' 'it'\\''s' 'a b'");
});

Deno.test("commandText() comes out of a shell as it went in", async () => {
  const word = fc.string({ unit: "binary", maxLength: 12 })
    .filter((text) => !text.includes("\0") && text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 4 }), async (words) => {
      const text = commandText(["printf", "%s\\0", "", ...words]);
      const { stdout } = await $`sh -c ${text}`;
      assertEquals(stdout.split("\0"), ["", ...words, ""]);
    }),
    { numRuns: 20 },
  );
});
