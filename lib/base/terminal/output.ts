import { HostError } from "../errors.ts";

export interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

/** How long to wait before a full non-blocking pipe is tried again. */
const RETRY_MS = 2;

const encoder = new TextEncoder();

/**
 * Writes all of the text. Returns false if the reader has gone away (`deno task x | head`); later
 * text is then lost. Throws what the operating system reports, such as a full disk.
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

/** A stream of the task, as messages name it. */
type StreamName = "standard output" | "standard error";

const faults = new Map<StreamName, HostError>();
const listeners = new Set<(fault: HostError) => void>();

/** Why a stream of this task accepts no more text, such as a full disk; undefined while it does. */
export const streamFault = (name: StreamName): HostError | undefined => faults.get(name);

/** Calls the listener when a stream accepts no more text. Dispose to stop this. */
export function onStreamFault(listener: (fault: HostError) => void): Disposable {
  listeners.add(listener);
  return { [Symbol.dispose]: () => void listeners.delete(listener) };
}

/** As {@link writeAll}, without throwing: a fault is told to {@link onStreamFault} once. */
export function writeStream(name: StreamName, writer: SyncWriter, text: string): boolean {
  if (faults.has(name)) return false;
  try {
    return writeAll(writer, text);
  } catch (error) {
    const words = (error instanceof Error ? error.message : String(error))
      .replace(/ \(os error \d+\)$/, "");
    const fault = new HostError(`Cannot write to ${name}: ${words}`, {
      next: `make room where it goes (df -h), or send it elsewhere`,
      cause: error,
    });
    faults.set(name, fault);
    for (const listener of [...listeners]) listener(fault);
    return false;
  }
}

/** Writes text to standard output; false if it is no longer read, or accepts no more text. */
export function writeStdout(text: string): boolean {
  return writeStream("standard output", Deno.stdout, text);
}
