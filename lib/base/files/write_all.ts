import { delay } from "@std/async";

/** How long to wait before writing to a full non-blocking pipe again. */
const RETRY_MS = 2;

/** Writes all bytes, also to a non-blocking pipe. Throws write errors, and the signal's reason. */
export async function writeAll(
  to: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    try {
      at += await to.write(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      signal?.throwIfAborted();
      await delay(RETRY_MS);
    }
  }
}
