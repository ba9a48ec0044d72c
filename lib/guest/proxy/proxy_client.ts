import { isIP } from "node:net";
import { whyNotHost } from "../../config/network.ts";
import { writeAll } from "../../base/files/write_all.ts";
import { settlesWithin } from "../../base/time/wait.ts";
import { closeAnyway, drain } from "../../base/files/conn.ts";
import { connectChecked, judgeHost, resolveOnHost } from "./proxy_connect.ts";
import { copyBothWays } from "./copy_stream.ts";
import { ownAddresses, whyNotAddress } from "./judge.ts";
import type { ProxyLimits, ProxyOptions } from "./proxy_options.ts";
import { type Head, readHead } from "./read_head.ts";
import { BadRequestError, parseRequest, type ProxyRequest } from "./proxy_request.ts";
import {
  connectUpstream,
  type Upstream,
  type UpstreamAttempt,
  upstreamFor,
  upstreamHead,
} from "./upstream.ts";

/** Serves one request of a client, with what it opens in `open`. Throws when the client leaves. */
export async function serveClient(
  client: Deno.UnixConn,
  options: ProxyOptions,
  limits: ProxyLimits,
  open: Set<Deno.Conn>,
): Promise<void> {
  let head: Head | undefined;
  let request: ProxyRequest;
  try {
    const reading = readHead(client);
    reading.catch(() => {});
    if (await settlesWithin(reading, limits.headMs) === "late") {
      throw new BadRequestError("its head takes too long", 408);
    }
    head = await reading;
    // A client only checked whether the port is open.
    if (head === undefined) return;
    request = parseRequest(head.text);
  } catch (error) {
    if (!(error instanceof BadRequestError)) throw error;
    options.onAsked({ verdict: "refused", why: error.message });
    return await answer(client, error.status, `malformed request: ${error.message}`);
  }
  const target = `${
    request.host.includes(":") ? `[${request.host}]` : request.host
  }:${request.port}`;
  const { upstream = upstreamFor } = options;
  const through = upstream(request);
  const attempt = await attemptFor(request, target, through, options, limits);
  if (attempt.kind === "connected") {
    const { conn: server, address, rest } = attempt;
    open.add(server);
    try {
      options.onAsked({ verdict: "allowed", target, address });
      const text = through === undefined
        ? request.head
        : upstreamHead(request.head, target, through);
      if (request.tunnel) await send(client, "HTTP/1.1 200 Connection established\r\n\r\n");
      else await send(server, text);
      if (rest !== undefined) await writeAll(client, rest);
      await copyBothWays({
        ...{ client, server, idleMs: limits.idleMs, first: head.rest },
        clientBytes: request.bodyBytes,
        isChunked: request.isChunked,
        serverEnds: !request.tunnel,
      });
    } finally {
      closeAnyway(server);
      open.delete(server);
    }
    return;
  }
  const { why, address } = attempt;
  const of = address === undefined ? {} : { address };
  options.onAsked({ verdict: attempt.kind, target, why, ...of });
  if (attempt.kind === "refused") {
    // What a name leads to inside the host's networks is not the guest's business.
    const told = address === undefined || isIP(request.host) !== 0
      ? why
      : "its address is not public";
    await answer(client, 403, `refused by the network rule: ${target} (${told})`);
  } else {
    await answer(client, attempt.late ? 504 : 502, `cannot be reached: ${target} (${why})`);
  }
}

async function attemptFor(
  { host, port, tunnel }: ProxyRequest,
  target: string,
  upstream: Upstream | undefined,
  { rule, resolve = resolveOnHost, judge }: ProxyOptions,
  { connectMs: deadlineMs }: ProxyLimits,
): Promise<UpstreamAttempt> {
  // Before the name is looked up: a name that is not allowed is not even resolved.
  const why = whyNotHost(rule, host);
  if (why !== undefined) return { kind: "refused", why };
  const own = ownAddresses();
  const checked = {
    ...{ host, port, resolve, deadlineMs },
    judge: judge ?? ((address: string) => whyNotAddress(address, own)),
  };
  if (upstream === undefined) return await connectChecked(checked);
  // Behind a proxy, public names often do not resolve; those of inside do, and are refused.
  const judged = await judgeHost(checked);
  if (judged.kind === "refused") return judged;
  return await connectUpstream(upstream, target, { tunnel, deadlineMs });
}

/** How long a client may continue to send after its answer. */
const DRAIN_MS = 1000;

/** Many clients show only the first line, so it has to say who refuses. */
const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Refused By The Network Rule",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
  502: "Cannot Be Reached",
  504: "No Answer In Time",
};

async function answer(client: Deno.UnixConn, status: number, text: string): Promise<void> {
  const body = `guesthouse: ${text}\n`;
  await send(
    client,
    [
      `HTTP/1.1 ${status} ${REASONS[status]}`,
      "Content-Type: text/plain",
      `Content-Length: ${new TextEncoder().encode(body).length}`,
      "Connection: close",
      "",
      body,
    ].join("\r\n"),
  );
  await client.closeWrite();
  // What is still on its way would make the system take the answer back as well.
  await settlesWithin(drain(client), DRAIN_MS);
}

/** Heads hold one character for each byte. */
async function send(to: Pick<Deno.Conn, "write">, text: string): Promise<void> {
  await writeAll(to, Uint8Array.from(text, (char) => char.charCodeAt(0)));
}
