import { delay } from "@std/async";
import { QmpConnectionError, QmpTimeoutError } from "./qmp_errors.ts";
import { QmpClient } from "./qmp.ts";
import type { AcceptQmpOptions } from "./qmp_listen.ts";

interface ConnectQmpOptions extends AcceptQmpOptions {
  /** The Unix socket that QEMU listens on. */
  readonly path: string;
}

/** Time between two tries; one that fails costs some ten microseconds. */
const RETRY_MS = 5;

/**
 * Connects to the QMP socket of a running QEMU (at the start see `listenQmp`), and waits for it
 * while QEMU runs. Throws {@link QmpConnectionError} when QEMU ends, {@link QmpTimeoutError}
 * (another client may hold the socket), or the reason of the signal.
 */
export async function connectQmp(options: ConnectQmpOptions): Promise<QmpClient> {
  const { path, name, deadlineMs = 30_000, signal } = options;
  let gone = false;
  const exited = () => void (gone = true);
  options.exited?.then(exited, exited);
  const deadline = performance.now() + deadlineMs;
  while (true) {
    signal?.throwIfAborted();
    const conn = await tryConnect(path);
    if (conn !== undefined) return await QmpClient.open(conn, options, signal);
    if (gone) throw new QmpConnectionError("connect to QMP", name, "QEMU has ended");
    if (performance.now() > deadline) throw new QmpTimeoutError("connect to QMP", name, deadlineMs);
    await delay(RETRY_MS, { signal });
  }
}

async function tryConnect(path: string): Promise<Deno.Conn | undefined> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    // No socket yet; or it is bound, but nobody is listening; or QEMU is busy or hangs, and its
    // queue of clients is full.
    const later = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.WouldBlock;
    if (later) return undefined;
    throw error;
  }
}
