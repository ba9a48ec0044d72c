/** The parts of `Deno.stdout` and `Deno.stderr` that writing needs. */
export interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

/** How long to wait before a full non-blocking pipe is tried again. */
const RETRY_MS = 2;

const encoder = new TextEncoder();

/**
 * Writes all of the text, in as many calls as it takes.
 *
 * Returns false when the reader has gone away (`deno task x | head`), which is not an
 * error; whatever is written after that is lost.
 *
 * @throws whatever else the operating system reports, such as a full disk.
 */
export function writeAll(writer: SyncWriter, text: string): boolean {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writer.writeSync(bytes));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return false;
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      // Parents such as npm and ssh may hand over a non-blocking pipe: wait for its reader.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
  return true;
}

/** Writes text to standard output; false when nobody reads it any more. */
export function writeStdout(text: string): boolean {
  return writeAll(Deno.stdout, text);
}
