import { fileBytes } from "../base/files/directories.ts";
import { bytesText } from "../base/text/bytes.ts";
import { GuestError } from "../base/errors.ts";
import { wordText } from "../base/text/command_text.ts";
import { fullDiskError } from "../base/files/full_disk.ts";
import type { GuestLogs } from "./launch.ts";
import type { QmpClient } from "./qmp.ts";

/** How much a guest may write to its serial console: the log of a long boot takes 1 MiB. */
const CONSOLE_LIMIT_BYTES = 256 * 2 ** 20;
/** How much QEMU may print; a guest can make it repeat some of its messages. */
const QEMU_LOG_LIMIT_BYTES = 64 * 2 ** 20;

export interface WatchOptions {
  readonly name: string;
  readonly qmp: Pick<QmpClient, "events" | "execute">;
  readonly logs: GuestLogs;
  /** Logs of other programs that serve the guest, with the same limit as QEMU's. */
  readonly otherLogs?: readonly string[];
  /** Default {@link CONSOLE_LIMIT_BYTES}. */
  readonly consoleBytes?: number;
  /** Default {@link QEMU_LOG_LIMIT_BYTES}, in addition to the log's previous contents. */
  readonly qemuLogBytes?: number;
  /** Time between two looks at the logs. Default 1000. */
  readonly pollMs?: number;
}

/** A guest that is being watched; disposal stops this. */
interface Watch extends AsyncDisposable {
  /** Aborts when the guest is stopped for good, with the error that says why. */
  readonly failed: AbortSignal;
}

/** How long QEMU may take to answer a query. */
const ASK_MS = 2000;

/**
 * Watches a guest's disk use. One that QEMU has paused because the host's disk is full is a
 * `HostError`; one that writes too much to a log is paused, a {@link GuestError}.
 */
export async function watchGuest(options: WatchOptions): Promise<Watch> {
  const { name, qmp, logs, otherLogs = [], pollMs = 1000 } = options;
  const { consoleBytes = CONSOLE_LIMIT_BYTES, qemuLogBytes = QEMU_LOG_LIMIT_BYTES } = options;
  const failed = new AbortController();
  const events = qmp.events();
  // The console's log is truncated at the start; the others are appended to.
  const limits = [{ path: logs.console, bytes: consoleBytes, had: 0 }];
  for (const path of [logs.qemu, ...otherLogs]) {
    limits.push({ path, bytes: qemuLogBytes, had: await fileBytes(path) });
  }
  const listening = (async () => {
    for await (const { event, data } of events) {
      if (event !== "BLOCK_IO_ERROR" || data.action !== "stop") continue;
      failed.abort(await outOfSpace(options, String(data.device), String(data.reason ?? "")));
    }
    // The connection is lost when QEMU ends, which is noticed elsewhere.
  })().catch(() => {});
  let looking = Promise.resolve();
  const look = async () => {
    for (const { path, bytes, had } of limits) {
      if (failed.signal.aborted || await fileBytes(path) <= had + bytes) continue;
      await qmp.execute("stop", undefined, { timeoutMs: ASK_MS }).catch(() => {});
      failed.abort(
        new GuestError(
          `Cannot continue with guest "${name}": it has filled a log with more than ${
            bytesText(bytes)
          }`,
          { details: [`log: ${path}`], next: `tail -n 40 ${wordText(path)}` },
        ),
      );
    }
  };
  const timer = setInterval(() => looking = looking.then(look), pollMs);
  return {
    failed: failed.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await events.return?.();
      await Promise.all([looking, listening]);
    },
  };
}

async function outOfSpace({ name, qmp }: WatchOptions, device: string, reason: string) {
  const disks = await qmp.execute("query-block", undefined, { timeoutMs: ASK_MS }).catch(() => []);
  return await fullDiskError(`continue with guest "${name}"`, {
    said: `QEMU has paused it, as it cannot write to ${device}: ${reason}`,
    paths: disks.flatMap((disk) => disk.device === device ? disk.inserted?.file ?? [] : []),
  });
}
