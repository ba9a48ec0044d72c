import { assertEquals } from "@std/assert";
import { readLogTail } from "./log_tail.ts";

Deno.test("readLogTail() gives the last lines of this run alone", async () => {
  const path = await Deno.makeTempFile({ prefix: "gh-tail-" });
  try {
    await Deno.writeTextFile(path, "of an earlier run\n");
    const fromByte = (await Deno.stat(path)).size;
    await Deno.writeTextFile(path, "1\n\n\x1b[1m2\x1b[0m\r\n3", { append: true });
    assertEquals(await readLogTail(path, { lines: 2, fromByte }), ["2", "3"]);
    assertEquals(await readLogTail(path, { lines: 9, fromByte }), ["1", "2", "3"]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("readLogTail() reads only the end of a huge log", async () => {
  const path = await Deno.makeTempFile({ prefix: "gh-tail-" });
  try {
    await Deno.truncate(path, 1 << 30);
    await Deno.writeTextFile(path, "\nlast", { append: true });
    assertEquals(await readLogTail(path, { lines: 1 }), ["last"]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("readLogTail() finds no lines in a log that does not exist", async () => {
  assertEquals(await readLogTail("/nonexistent/log", { lines: 1 }), []);
});
