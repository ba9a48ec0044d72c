import { assertEquals } from "@std/assert";
import { parseStats } from "./rsync_output.ts";

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
