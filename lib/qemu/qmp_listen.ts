import { QmpConnectionError, QmpTimeoutError } from "./qmp_errors.ts";
import { closeAnyway } from "../base/files/conn.ts";
import { QmpClient, type QmpOptions } from "./qmp.ts";

export interface AcceptQmpOptions extends QmpOptions {
  /** How long QEMU may take to connect, or to listen. Default 30 000. */
  readonly deadlineMs?: number;
  /** Settles when QEMU has ended, after which waiting is pointless. */
  readonly exited?: Promise<unknown>;
  readonly signal?: AbortSignal;
}

/** A socket that waits for QEMU to connect. Disposal closes and removes it. */
interface QmpListener extends Disposable {
  readonly path: string;
  /** The client for the QEMU that connects. Throws as {@link connectQmp} does. */
  accept(options: AcceptQmpOptions): Promise<QmpClient>;
}

/**
 * Listens for a QEMU that is about to be started with `qmpCallArgs(path)`; the path must be free,
 * in a private directory.
 *
 * QEMU connects to us because the other direction is not safe at its start: QEMU 7.2 moves the
 * socket of a `server=on` monitor between threads, and a client that connects just then may hang
 * (once in 1500 starts; never in 5500 in this direction).
 */
export function listenQmp(path: string): QmpListener {
  const listener = Deno.listen({ transport: "unix", path });
  return {
    path,
    async accept(options) {
      return await QmpClient.open(await firstCall(listener, options), options, options.signal);
    },
    [Symbol.dispose]() {
      closeAnyway(listener);
      try {
        Deno.removeSync(path);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    },
  };
}

function firstCall(listener: Deno.UnixListener, options: AcceptQmpOptions): Promise<Deno.Conn> {
  const { name, deadlineMs = 30_000, exited, signal } = options;
  const call = Promise.withResolvers<Deno.Conn>();
  if (signal?.aborted) call.reject(signal.reason);
  const abort = () => call.reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const ended = () => {
    call.reject(new QmpConnectionError("connect to QMP", name, "QEMU has ended"));
  };
  exited?.then(ended, ended);
  const timer = setTimeout(() => {
    call.reject(new QmpTimeoutError("connect to QMP", name, deadlineMs));
  }, deadlineMs);
  listener.accept().then(call.resolve, call.reject);
  return call.promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    // There is only one connection; this also ends an accept() that nobody is waiting for.
    closeAnyway(listener);
  });
}
