import { join } from "@std/path";
import { bytesText } from "../text/bytes.ts";
import { tryLock } from "./lock.ts";
import { logsDir } from "./paths.ts";
import { isFullDisk } from "./full_disk.ts";

/** The log files of one build, for its exclusive use until disposal. */
export interface LogFiles extends AsyncDisposable {
  /** The output of the steps, and the task's own notes. */
  readonly build: string;
  readonly console: string;
  readonly qemu: string;
  /** Appends the task's own messages to the build log. Throws; after a full disk it is silent. */
  write(text: string): void;
  /** As {@link LogFiles.write}, for output of the project: no more than {@link LOG_LIMIT_BYTES}. */
  output(piece: string | Uint8Array): void;
  /** Bytes of output that did not fit into the log. */
  readonly droppedBytes: number;
}

/** How much output of a build is logged. */
const LOG_LIMIT_BYTES = 2 ** 30;

/**
 * Starts the logs of a build: `logs/NAME.log`, `NAME.console.log` and `NAME.qemu.log`; `NAME-2` and
 * so on if another build of that name is running.
 */
export async function startLogs(
  name: string,
  { limitBytes = LOG_LIMIT_BYTES }: { readonly limitBytes?: number } = {},
): Promise<LogFiles> {
  const dir = logsDir();
  await Deno.mkdir(dir, { recursive: true });
  for (let number = 1;; number++) {
    const base = join(dir, number === 1 ? name : `${name}-${number}`);
    const lock = await tryLock(`${base}.lock`, { purpose: name });
    if (lock === undefined) continue;
    const files = {
      build: `${base}.log`,
      console: `${base}.console.log`,
      qemu: `${base}.qemu.log`,
    };
    for (const path of [files.console, files.qemu, `${base}.console.first.log`]) {
      await Deno.remove(path).catch(() => {});
    }
    const log = await Deno.open(files.build, { write: true, create: true, truncate: true });
    const encoder = new TextEncoder();
    let isFull = false;
    let outputBytes = 0;
    let droppedBytes = 0;
    // Synchronous, so that all output before a kill is in the log.
    const append = (bytes: Uint8Array) => {
      if (isFull) return;
      try {
        for (let done = 0; done < bytes.length;) done += log.writeSync(bytes.subarray(done));
      } catch (error) {
        isFull = isFullDisk(error);
        throw error;
      }
    };
    const write = (text: string) => append(encoder.encode(text));
    return {
      ...files,
      write,
      output(piece) {
        const bytes = typeof piece === "string" ? encoder.encode(piece) : piece;
        const left = Math.max(0, limitBytes - outputBytes);
        outputBytes += bytes.length;
        append(bytes.subarray(0, left));
        if (bytes.length <= left) return;
        if (droppedBytes === 0) write(`\n== ${logCutNote(limitBytes)}\n`);
        droppedBytes += bytes.length - left;
      },
      get droppedBytes() {
        return droppedBytes;
      },
      async [Symbol.asyncDispose]() {
        log.close();
        await lock[Symbol.asyncDispose]();
      },
    };
  }
}

/** The note in the log and the result about a truncated log. */
export const logCutNote = (limitBytes = LOG_LIMIT_BYTES): string =>
  `the log is cut: it takes ${bytesText(limitBytes)} of output, and the rest was dropped`;
