import { assertEquals, assertRejects } from "@std/assert";
import { HostError } from "../base/errors.ts";
import { ReaderGone, sinkTo, sourceOf } from "./task_streams.ts";

const { signal } = new AbortController();

Deno.test("sinkTo() writes everything, however little the stream takes at a time", async () => {
  const written: number[] = [];
  const write = (bytes: Uint8Array) => {
    written.push(bytes[0]!);
    return Promise.resolve(1);
  };
  await sinkTo({ write }, "standard output", signal)(new Uint8Array([1, 2, 3]));
  assertEquals(written, [1, 2, 3]);
});

Deno.test("sinkTo() distinguishes a reader that has gone, a host's fault, and a bug", async () => {
  const sink = async (error: Error) =>
    await sinkTo({ write: () => Promise.reject(error) }, "standard output", signal)(
      new Uint8Array(1),
    );
  await assertRejects(() => sink(new Deno.errors.BrokenPipe("x")), ReaderGone, "standard output");
  const full = await assertRejects(
    () => sink(new Error("No space left on device (os error 28)")),
    HostError,
    "Cannot write to standard output: No space left on device",
  );
  assertEquals(full.next, "make room on its disk: df -h");
  await assertRejects(() => sink(new TypeError("bug")), TypeError, "bug");
});

Deno.test("sourceOf() passes the stream on, and its faults as the host's", async () => {
  const whole = sourceOf(ReadableStream.from([new Uint8Array([1]), new Uint8Array([2])]), "x");
  assertEquals((await Array.fromAsync(whole)).map(([byte]) => byte), [1, 2]);
  const broken = new ReadableStream<Uint8Array>({
    pull: () => Promise.reject(new Error("Is a directory (os error 21)")),
  });
  const read = () => sourceOf(broken, "standard input").getReader().read();
  await assertRejects(read, HostError, "Cannot read standard input: Is a directory");
});

Deno.test("sourceOf() when cancelled also cancels a silent stream", async () => {
  let why: unknown;
  const silent = new ReadableStream<Uint8Array>({ cancel: (reason) => void (why = reason) });
  const reader = sourceOf(silent, "standard input").getReader();
  const reading = reader.read();
  await reader.cancel("over");
  assertEquals([why, (await reading).done], ["over", true]);
});
