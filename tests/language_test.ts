// Plain English: a few words that always have a better one. A folder is a directory,
// except in the names of foreign APIs and in the words of programs that images hold.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { root } from "../lib/base/files/paths.ts";
import { readTree } from "./support/rooms.ts";

const AVOIDED = /\b(whoever|anew|in vain|folders?)\b/gi;

const phrasesIn = (text: string): string[] =>
  [...text.replaceAll("/var/folders", "").matchAll(AVOIDED)].map(([phrase]) => phrase);

Deno.test("documents avoid words that have plainer ones", async () => {
  const docs = await Array.fromAsync(
    Deno.readDir(join(root, "docs")),
    ({ name }) => `docs/${name}`,
  );
  for (const file of ["README.md", ...docs.filter((name) => name.endsWith(".md"))]) {
    // The console's lines are tiny-init's own words.
    const text = (await Deno.readTextFile(join(root, file))).replaceAll(/^ {4}\[init\].*$/gm, "");
    assertEquals(phrasesIn(text), [], file);
  }
  assertEquals(phrasesIn("Whoever waits here waits in vain."), ["Whoever", "in vain"]);
});

Deno.test("no file name, message or help text has one of these words", async () => {
  for (const [path, text] of await readTree("lib", "tasks", "configs")) {
    // Without comments, and what is part of the keys of parts.
    const words = text.replaceAll(/^ *(\/\/|\/?\*).*$/gm, "").replaceAll('frame("folder")', "");
    assertEquals(phrasesIn(path.replaceAll(/[_/.]/g, " ")), [], path);
    assertEquals(phrasesIn(words), [], path);
  }
});
