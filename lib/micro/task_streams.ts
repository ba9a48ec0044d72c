import type { Sink } from "../guest/agent/channel.ts";
import { writeAll } from "../base/files/write_all.ts";
import { hostFault } from "../base/files/host_fault.ts";

/** The destination of a command's output, such as `Deno.stdout`. */
export interface OutputStream {
  write(bytes: Uint8Array): Promise<number>;
}

/** A stream of this task is no longer read, as in `deno task vm-run … | head -1`. */
export class ReaderGone extends Error {
  override name = "ReaderGone";
}

/** A sink for one of this task's streams. Throws {@link ReaderGone}, or `HostError`. */
export function sinkTo(stream: OutputStream, name: string, signal: AbortSignal): Sink {
  return async (bytes) => {
    try {
      await writeAll(stream, bytes, signal);
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new ReaderGone(`nobody reads ${name}`);
      throw hostFault(`write to ${name}`, error);
    }
  };
}

/** A source whose errors are a `HostError`; cancelling it cancels the underlying one. */
export function sourceOf(
  stream: ReadableStream<Uint8Array>,
  name: string,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(hostFault(`read ${name}`, error));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
