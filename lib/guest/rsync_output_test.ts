import { assertEquals } from "@std/assert";
import { parseItemized, parseStats } from "./rsync_output.ts";

Deno.test("parseStats() reads what rsync 3.5 prints", () => {
  const text = 'skipping non-regular file "fifo"\n\n' +
    "Number of files: 15 (reg: 6, dir: 5, link: 3, special: 1)\n" +
    "Number of created files: 13 (reg: 6, dir: 4, link: 3)\n" +
    "Number of regular files transferred: 6\n" +
    "Total file size: 45 bytes\nTotal transferred file size: 2500000 bytes\n";
  assertEquals(parseStats(text), { files: 6, bytes: 2500000 });
});

Deno.test("parseStats() counts nothing in other text", () => {
  assertEquals(parseStats(""), { files: 0, bytes: 0 });
});

Deno.test("parseItemized() names files and links, new or not, as they are called", () => {
  const text = "created directory out\n" +
    "cd+++++++++ ./\n" +
    ">f+++++++++ new\\#012line\n" +
    ">f.st...... a b/-d/-f\n" +
    ".f          \\#303\\#274\n" +
    ".d          a b/\n" +
    "cL+++++++++ loop\n" +
    ".L           li -> nk\n" +
    ">f+++++++++ literal \\#134#012\n";
  assertEquals(parseItemized(text), {
    files: ["new\nline", "a b/-d/-f", "ü", "literal \\#012"],
    links: ["loop", " li -> nk"],
  });
});

Deno.test("parseItemized() believes only lines with the mark of our own rsync", () => {
  const text = "m1 >f+++++++++ own\n>f+++++++++ forged\nm2 >f+++++++++ forged\n";
  assertEquals(parseItemized(text, "m1 "), { files: ["own"], links: [] });
});
