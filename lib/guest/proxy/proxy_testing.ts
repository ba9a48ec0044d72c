/** Parts of the tests of the proxy: a proxy, clients and servers, all on this host's loopback. */
import { join } from "@std/path";
import { writeAll } from "../../base/files/write_all.ts";
import type { Asked, ProxyOptions } from "./proxy_options.ts";
import { serveProxy } from "./serve_proxy.ts";

/** A proxy on a socket of its own. */
interface TestProxy extends AsyncDisposable {
  readonly path: string;
  readonly asked: Asked[];
  /** Sends a text, ends the sending side unless told otherwise, and gives all that comes back. */
  ask(text: string, options?: { readonly end?: boolean }): Promise<string>;
}

/** Starts a proxy that takes 127.0.0.1 for a public address, unless `options` say otherwise. */
export async function startTestProxy(
  options: Partial<Omit<ProxyOptions, "path" | "onAsked">> = {},
): Promise<TestProxy> {
  const dir = await Deno.makeTempDir({ prefix: "gh-proxy-" });
  const path = join(dir, "proxy");
  const asked: Asked[] = [];
  const proxy = serveProxy({
    rule: "internet",
    upstream: () => undefined,
    judge: (address) => address === "127.0.0.1" ? undefined : "not a test's address",
    ...options,
    path,
    onAsked: (one) => void asked.push(one),
  });
  return {
    path,
    asked,
    async ask(text, { end = true } = {}) {
      using conn = await Deno.connect({ transport: "unix", path });
      await writeAll(conn, new TextEncoder().encode(text));
      if (end) await conn.closeWrite();
      return await readText(conn);
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** A server of this host's loopback. */
interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** What each connection has sent so far. */
  readonly received: string[];
}

/** Starts a server that gives each connection `answer` once it has sent an empty line, and ends it. */
export function startTestServer(answer: string): TestServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const received: string[] = [];
  const serve = async (conn: Deno.TcpConn) => {
    using _conn = conn;
    const index = received.push("") - 1;
    const buffer = new Uint8Array(4096);
    while (!received[index]!.includes("\r\n\r\n")) {
      const count = await conn.read(buffer);
      if (count === null) return;
      received[index] += new TextDecoder().decode(buffer.subarray(0, count));
    }
    await writeAll(conn, new TextEncoder().encode(answer));
    await conn.closeWrite();
    // What else comes.
    received[index] += await readText(conn);
  };
  const serving: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const conn of listener) serving.push(serve(conn).catch(() => {}));
  })();
  return {
    port: listener.addr.port,
    received,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      await Promise.all(serving);
    },
  };
}

/** All that a connection sends up to its end. */
export async function readText(conn: Pick<Deno.Conn, "read">): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text;
}

/** A proxy of the host, as Node makes one. */
interface TestUpstream extends AsyncDisposable {
  /** With the user. */
  readonly url: string;
  /** The first line of each request that it has obeyed, without the version. */
  readonly asked: string[];
}

/** Starts a proxy that wants a user, and for which every name leads to one server of this host. */
export async function startUpstream(
  { user, server }: { readonly user: string; readonly server: number },
): Promise<TestUpstream> {
  const { createServer, request } = await import("node:http");
  const { connect } = await import("node:net");
  const asked: string[] = [];
  const tunnels: (() => void)[] = [];
  const wanted = `Basic ${btoa(decodeURIComponent(user))}`;
  const refuses = (headers: Record<string, unknown>) => headers["proxy-authorization"] !== wanted;
  const proxy = createServer((from, to) => {
    if (refuses(from.headers)) return void to.writeHead(407).end();
    asked.push(`${from.method} ${from.url}`);
    request({ port: server, path: "/", headers: { connection: "close" } }, (answer) => {
      to.writeHead(200, { connection: "close" });
      answer.pipe(to);
    }).end();
  });
  proxy.on("connect", (from, socket, head) => {
    if (refuses(from.headers)) return void socket.end("HTTP/1.1 407 No\r\n\r\n");
    asked.push(`CONNECT ${from.url}`);
    // Node no longer counts them among its connections.
    socket.on("error", () => {});
    const far = connect(server, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      far.write(head);
      far.pipe(socket);
      socket.pipe(far);
    });
    tunnels.push(() => {
      socket.destroy();
      far.destroy();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as { port: number };
  let open = true;
  return {
    url: `http://${user}@127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      tunnels.forEach((end) => end());
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
