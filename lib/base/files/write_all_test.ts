import { assertEquals, assertRejects } from "@std/assert";
import { writeAll } from "./write_all.ts";

/** Takes two bytes at a time, after it has thrown these errors. */
function fussyWriter(errors: Error[]) {
  const taken: number[] = [];
  const write = (bytes: Uint8Array) => {
    const error = errors.shift();
    if (error !== undefined) return Promise.reject(error);
    taken.push(...bytes.subarray(0, 2));
    return Promise.resolve(Math.min(2, bytes.length));
  };
  return { write, taken };
}

Deno.test("writeAll() writes everything, also to a full pipe", async () => {
  const writer = fussyWriter([new Deno.errors.WouldBlock(), new Deno.errors.WouldBlock()]);
  await writeAll(writer, new Uint8Array([1, 2, 3, 4, 5]));
  assertEquals(writer.taken, [1, 2, 3, 4, 5]);
});

Deno.test("writeAll() throws faults, and gives up on a full pipe when aborted", async () => {
  const bytes = new Uint8Array(1);
  const gone = fussyWriter([new Deno.errors.BrokenPipe("gone")]);
  await assertRejects(() => writeAll(gone, bytes), Deno.errors.BrokenPipe, "gone");
  const full = { write: () => Promise.reject(new Deno.errors.WouldBlock()) };
  const signal = AbortSignal.abort(new Error("stopped"));
  await assertRejects(() => writeAll(full, bytes, signal), Error, "stopped");
});
