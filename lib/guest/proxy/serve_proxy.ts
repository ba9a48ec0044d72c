import { delay } from "@std/async";
import { checkSocketPath } from "../../base/files/private_dir.ts";
import { closeAnyway } from "../../base/files/conn.ts";
import type { ProxyLimits, ProxyOptions } from "./proxy_options.ts";
import { Slots } from "./slots.ts";

/** A guest under emulation is slow, and a server may think for minutes about a repository. */
const LIMITS: ProxyLimits = {
  connections: 128,
  headMs: 60_000,
  connectMs: 15_000,
  idleMs: 600_000,
};

/** What reading from a connection, or writing to it, throws once one of its ends has closed it. */
const GONE = [
  ...[Deno.errors.ConnectionReset, Deno.errors.BrokenPipe, Deno.errors.NotConnected],
  ...[Deno.errors.BadResource, Deno.errors.Interrupted, Deno.errors.UnexpectedEof],
];

/**
 * Serves an HTTP proxy on a Unix socket: `CONNECT`, and `http://` URLs. It resolves names itself and
 * connects to the addresses that it has judged. Disposal ends every connection.
 */
export function serveProxy(options: ProxyOptions): AsyncDisposable {
  checkSocketPath(options.path);
  const limits = { ...LIMITS, ...options.limits };
  removeLeft(options.path);
  const listener = Deno.listen({ transport: "unix", path: options.path });
  const open = new Set<Deno.Conn>();
  const slots = new Slots(limits.connections);
  const serve = async (client: Deno.UnixConn) => {
    open.add(client);
    try {
      // Loading it takes longer than anything else here, and most guests ask for nothing.
      const { serveClient } = await import(
        "./proxy_client.ts" as string
      ) as typeof import("./proxy_client.ts");
      await serveClient(client, options, limits, open);
    } catch (error) {
      // A client may go away in the middle of it.
      if (!GONE.some((kind) => error instanceof kind)) {
        options.onAsked({ verdict: "failed", why: String(error) });
      }
    } finally {
      closeAnyway(client);
      open.delete(client);
      slots.leave();
    }
  };
  let over = false;
  const accepting = (async () => {
    while (true) {
      await slots.enter();
      try {
        void serve(await listener.accept());
      } catch {
        if (over) return;
        // Too many open files, for instance; that passes.
        slots.leave();
        await delay(100);
      }
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      over = true;
      listener.close();
      slots.end();
      for (const conn of open) closeAnyway(conn);
      await accepting;
      await Deno.remove(options.path).catch(() => {});
    },
  };
}

/** A killed task leaves its socket, and another one may get its pid, which is in the name. */
function removeLeft(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
