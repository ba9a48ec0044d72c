import { assertEquals, assertThrows } from "@std/assert";
import { type SyncWriter, writeAll } from "./output.ts";

/** Takes a few bytes at a time, and throws the given errors first. */
function fussyWriter(errors: Error[]): SyncWriter & { text(): string } {
  const taken: number[] = [];
  return {
    writeSync(bytes) {
      const error = errors.shift();
      if (error !== undefined) throw error;
      taken.push(...bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
    text: () => new TextDecoder().decode(new Uint8Array(taken)),
  };
}

Deno.test("writeAll() writes everything, also to a full pipe", () => {
  const writer = fussyWriter([new Deno.errors.WouldBlock(), new Deno.errors.WouldBlock()]);
  assertEquals(writeAll(writer, "überall\n"), true);
  assertEquals(writer.text(), "überall\n");
});

Deno.test("writeAll() says when nobody reads, and throws everything else", () => {
  assertEquals(writeAll(fussyWriter([new Deno.errors.BrokenPipe()]), "lost"), false);
  const full = new Error("No space left on device");
  assertThrows(() => writeAll(fussyWriter([full]), "lost"), Error, "No space left");
});
