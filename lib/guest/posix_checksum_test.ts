import { assertEquals } from "@std/assert";
import { $ } from "../base/process/dollar.ts";
import { posixChecksum } from "./posix_checksum.ts";

Deno.test("posixChecksum() is what cksum prints", async () => {
  for (const bytes of [0, 1, 255, 256, 70_000]) {
    const text = "a~\nö".repeat(bytes).slice(0, bytes);
    const printed = await $`sh -c ${'printf %s "$0" | cksum'} ${text}`.text();
    assertEquals(posixChecksum(new TextEncoder().encode(text)), printed.trim(), `${bytes}`);
  }
});
