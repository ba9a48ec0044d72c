// A server of one file, for tests: it can break off, hang, refuse, and knows no ranges if told so.

/** How {@link serveFile} misbehaves. */
interface ServeOptions {
  /** Whether it sends parts of the file. Default `true`. */
  readonly ranges?: boolean;
  /** Each answer ends after so many bytes, though it promised more. */
  readonly cutAfter?: number;
  /** In place of ending, the answer just stops. */
  readonly hang?: boolean;
  /** The answer never ends, as fast as it is read. */
  readonly endless?: boolean;
  /** The only answer. */
  readonly status?: number;
}

/** A server on the host's loopback; disposal ends it. */
export interface FileServer extends AsyncDisposable {
  readonly url: string;
  /** The `range` of each request, or nothing. */
  readonly requests: readonly string[];
  /** How much of an endless answer was sent. */
  readonly sentBytes: { readonly count: number };
}

/** Serves the bytes under every path. */
export function serveFile(
  content: Uint8Array<ArrayBuffer>,
  options: ServeOptions = {},
): FileServer {
  const requests: string[] = [];
  const sentBytes = { count: 0 };
  const { ranges = true, cutAfter = Infinity, status } = options;
  const abort = new AbortController();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    signal: abort.signal,
    onListen: () => {},
    // A body that fails is what a broken connection looks like.
    onError: () => new Response(null, { status: 500 }),
  }, (request) => {
    const range = request.headers.get("range") ?? "";
    requests.push(range);
    if (status !== undefined) return new Response("no", { status });
    if (options.endless) return new Response(endlessBody(sentBytes));
    const start = ranges ? Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0) : 0;
    const rest = content.subarray(start);
    const body = rest.length > cutAfter ? cutBody(rest.subarray(0, cutAfter), options) : rest;
    const headers = start === 0 ? undefined : {
      "content-range": `bytes ${start}-${content.length - 1}/${content.length}`,
    };
    return new Response(body, { status: start > 0 ? 206 : 200, headers });
  });
  return {
    sentBytes,
    url: `http://127.0.0.1:${server.addr.port}/file`,
    requests,
    async [Symbol.asyncDispose]() {
      abort.abort();
      await server.finished;
    },
  };
}

function cutBody(sent: Uint8Array<ArrayBuffer>, { hang }: ServeOptions) {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(sent);
      if (hang !== true) controller.close();
    },
  });
}

function endlessBody(sent: { count: number }) {
  const chunk = new Uint8Array(64 * 1024);
  return new ReadableStream({
    pull(controller) {
      sent.count += chunk.length;
      controller.enqueue(chunk);
    },
  });
}
