import { delay } from "@std/async";
import { GuestError } from "../base/errors.ts";
import { writeAll } from "../base/files/write_all.ts";
import type { QmpClient } from "./qmp.ts";

export interface StateOptions {
  readonly name: string;
  readonly path: string;
  /** A free path in a private directory, for the socket over which QEMU sends or receives. */
  readonly socketPath: string;
  /** How long it may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** How often QEMU is asked for its progress. A state without memory takes about 20 ms. */
const POLL_MS = 5;

/**
 * Writes the state of a stopped guest to a file, without its memory: about 500 KB, synced. It goes
 * through our socket, since for a command QEMU would have to be allowed to start programs. Throws
 * {@link GuestError}; the file is then useless.
 */
export async function saveState(qmp: QmpClient, options: StateOptions): Promise<void> {
  const { name, path, socketPath } = options;
  const signal = withDeadline(options, "save the state");
  await setUp(qmp, options);
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const listener = Deno.listen({ transport: "unix", path: socketPath });
  try {
    const writing = (async () => {
      using connection = await listener.accept();
      using _ = closeOnAbort(connection, signal);
      const buffer = new Uint8Array(64 * 1024);
      for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
        await writeAll(file, buffer.subarray(0, n));
      }
    })();
    writing.catch(() => {});
    await qmp.execute("migrate", { uri: `unix:${socketPath}` }, { signal });
    while (true) {
      const info = await qmp.execute("query-migrate", undefined, { signal });
      if (info.status === "completed") break;
      if (info.status === "failed" || info.status === "cancelled") {
        throw new GuestError(`Cannot save the state of guest "${name}": QEMU gave up`, {
          details: info["error-desc"] === undefined ? [] : [info["error-desc"]],
        });
      }
      await Promise.race([
        delay(POLL_MS, { signal }),
        writing.then(() => delay(POLL_MS, { signal })),
      ]);
    }
    await writing.catch((error) => {
      signal.throwIfAborted();
      throw error;
    });
    await file.sync();
  } finally {
    listener.close();
    await Deno.remove(socketPath).catch(() => {});
  }
}

/**
 * Loads a state into a guest that was started with `-incoming defer`, and leaves it paused. A QEMU
 * that cannot read it exits, which the caller watches. Throws {@link GuestError}.
 */
export async function loadState(qmp: QmpClient, options: StateOptions): Promise<void> {
  const { path, socketPath } = options;
  const signal = withDeadline(options, "restore the state");
  await setUp(qmp, options);
  await qmp.execute("migrate-incoming", { uri: `unix:${socketPath}` }, { signal });
  {
    using connection = await Deno.connect({ transport: "unix", path: socketPath });
    using _ = closeOnAbort(connection, signal);
    const state = await Deno.readFile(path);
    // If QEMU stops reading, its exit shows why.
    await writeAll(connection, state).catch((error) => {
      signal.throwIfAborted();
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    });
  }
  while ((await qmp.execute("query-status", undefined, { signal })).status === "inmigrate") {
    await delay(POLL_MS, { signal });
  }
  await Deno.remove(socketPath).catch(() => {});
}

/** Ends waits on a connection when the signal aborts: a QEMU that hangs reads nothing. */
function closeOnAbort(connection: Deno.Conn, signal: AbortSignal): Disposable {
  const close = () => connection[Symbol.dispose]();
  if (signal.aborted) close();
  signal.addEventListener("abort", close, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", close) };
}

async function setUp(qmp: QmpClient, { signal }: StateOptions): Promise<void> {
  // Memory that is a file (`memoryFileArgs()`) is not sent.
  await qmp.execute("migrate-set-capabilities", {
    capabilities: [{ capability: "x-ignore-shared", state: true }],
  }, { signal });
  // The default limit protects networks, but there is no network.
  await qmp.execute("migrate-set-parameters", { "max-bandwidth": 2 ** 40 }, { signal });
}

function withDeadline(options: StateOptions, what: string): AbortSignal {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(
      new GuestError(
        `Cannot ${what} of guest "${options.name}": no end within ${options.deadlineMs / 1000} s`,
      ),
    );
  }, options.deadlineMs);
  Deno.unrefTimer(timer);
  return AbortSignal.any([options.signal, deadline.signal]);
}
