import { join } from "@std/path";
import { tryLock } from "../host/lock.ts";
import { logsDir } from "../host/paths.ts";

/** The log files of one build, which is theirs alone until disposal. */
export interface LogFiles extends AsyncDisposable {
  /** What the steps print, and what the task did around them. */
  readonly build: string;
  readonly console: string;
  readonly qemu: string;
  /** Appends to the build log. */
  write(text: string): void;
}

/**
 * Starts the logs of a build: `logs/NAME.log`, `NAME.console.log` and `NAME.qemu.log`. Another
 * build of that name that is under way keeps its logs; this one then gets `NAME-2.log`, and so on.
 */
export async function startLogs(name: string): Promise<LogFiles> {
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
    for (const path of [files.console, files.qemu]) await Deno.remove(path).catch(() => {});
    const log = await Deno.open(files.build, { write: true, create: true, truncate: true });
    const encoder = new TextEncoder();
    return {
      ...files,
      write(text) {
        // Synchronous, so that what a killed task had seen is in its log.
        const bytes = encoder.encode(text);
        for (let done = 0; done < bytes.length;) done += log.writeSync(bytes.subarray(done));
      },
      async [Symbol.asyncDispose]() {
        log.close();
        await lock[Symbol.asyncDispose]();
      },
    };
  }
}
