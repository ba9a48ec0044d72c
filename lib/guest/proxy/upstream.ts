import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { writeAll } from "../../base/files/write_all.ts";
import { settlesWithin } from "../../base/time/wait.ts";
import { type Attempt, connectTo, whyNotConnected } from "./proxy_connect.ts";
import { BadRequestError } from "./proxy_request.ts";
import { readHead } from "./read_head.ts";

/** The host's own proxy, through which its programs reach the network. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
  /** `Proxy-Authorization` with its value and CR LF; empty if the proxy's URL has no user. */
  readonly authorization: string;
  /** Why it cannot be used. */
  readonly whyNot?: string;
}

const VARIABLES = {
  tunnel: ["https_proxy", "HTTPS_PROXY"],
  url: ["http_proxy", "HTTP_PROXY"],
  all: ["all_proxy", "ALL_PROXY"],
  none: ["no_proxy", "NO_PROXY"],
};

/** Reads a variable of the environment. */
type ReadVariable = (name: string) => string | undefined;

/**
 * The proxy that the host's variables name for a connection, as curl reads them; `undefined` for a
 * direct connection.
 *
 * @param tunnel whether it is for `CONNECT`, and not for an `http://` URL
 */
export function upstreamFor(
  { host, port, tunnel }: {
    readonly host: string;
    readonly port: number;
    readonly tunnel: boolean;
  },
  read: ReadVariable = (name) => Deno.env.get(name),
): Upstream | undefined {
  const either = (names: readonly string[]) => names.map(read).find((value) => value);
  const url = either(tunnel ? VARIABLES.tunnel : VARIABLES.url) ?? either(VARIABLES.all);
  if (url === undefined || isExempt(either(VARIABLES.none) ?? "", host, port)) return undefined;
  const parsed = URL.parse(/^[a-z0-9+.-]+:\/\//i.test(url) ? url : `http://${url}`);
  const place = { host: parsed?.hostname.replace(/^\[|\]$/g, "") ?? "", authorization: "" };
  if (parsed?.protocol !== "http:") {
    // Neither its user nor its password belongs into a log.
    const kind = parsed === null ? "is not a URL" : `is not an HTTP proxy (${parsed.protocol}//)`;
    return { ...place, port: 0, whyNot: `the proxy of this host ${kind}` };
  }
  const { username, password } = parsed;
  const user = `${bytesOf(username)}:${bytesOf(password)}`;
  return {
    ...place,
    port: Number(parsed.port || 80),
    authorization: user === ":" ? "" : `Proxy-Authorization: Basic ${btoa(user)}\r\n`,
  };
}

/** A part of a URL, one character for each byte; a `%` that begins no byte means itself. */
const bytesOf = (part: string): string =>
  part.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

/** Whether `no_proxy` names a host: `*`, a domain with all below it, an address or a network. */
function isExempt(list: string, host: string, port: number): boolean {
  return list.toLowerCase().split(/[\s,]+/).filter((entry) => entry !== "").some((entry) => {
    if (entry === "*") return true;
    const [, place = "", ofPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
    if (isIP(host) !== 0) return [entry, place].some((network) => isInNetwork(host, network));
    const domain = place.replace(/^\*?\.|\.$/g, "");
    const named = host === domain || host.endsWith(`.${domain}`);
    return named && (ofPort === undefined || Number(ofPort) === port);
  });
}

function isInNetwork(address: string, network: string): boolean {
  if (isIP(network) !== 0) {
    return ipaddr.parse(address).toString() === ipaddr.parse(network).toString();
  }
  if (!ipaddr.isValidCIDR(network)) return false;
  const [range, bits] = ipaddr.parseCIDR(network);
  const one = ipaddr.parse(address);
  return one.kind() === range.kind() && one.match(range, bits);
}

/** An attempt that may have gone through the host's proxy: what the far end has sent by then. */
export type UpstreamAttempt = Attempt & { readonly rest?: Uint8Array<ArrayBuffer> };

/** Connects to the host's proxy and, for a tunnel, through it to `target`. */
export async function connectUpstream(
  upstream: Upstream,
  target: string,
  { tunnel, deadlineMs }: { readonly tunnel: boolean; readonly deadlineMs: number },
): Promise<UpstreamAttempt> {
  const { host, port, authorization, whyNot } = upstream;
  const address = "by the proxy of this host";
  const failed = (why: string, late = false) => ({ kind: "failed", address, why, late }) as const;
  if (whyNot !== undefined) return failed(whyNot);
  let conn: Deno.TcpConn;
  try {
    conn = await connectTo(host, port, deadlineMs);
  } catch (error) {
    const { why, late } = whyNotConnected(error);
    return failed(`the proxy of this host cannot be reached: ${why}`, late);
  }
  let rest = new Uint8Array();
  if (tunnel) {
    const why = await openTunnel(
      conn,
      `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`,
      deadlineMs,
    );
    if (typeof why === "string") {
      conn.close();
      return failed(`the proxy of this host ${why}`);
    }
    rest = why;
  }
  return { kind: "connected", conn, address, rest };
}

/** Asks for a tunnel. Returns what follows the answer, or why there is no tunnel. */
async function openTunnel(
  conn: Deno.TcpConn,
  request: string,
  deadlineMs: number,
): Promise<Uint8Array<ArrayBuffer> | string> {
  const asking = (async () => {
    await writeAll(conn, new TextEncoder().encode(request));
    return await readHead(conn);
  })();
  asking.catch(() => {});
  if (await settlesWithin(asking, deadlineMs) === "late") return "does not answer";
  try {
    const head = await asking;
    const [, status] = /^HTTP\/1\.\d (\d{3})/.exec(head?.text ?? "") ?? [];
    if (head === undefined || status === undefined) return "gives no answer of HTTP";
    return status.startsWith("2") ? head.rest : `answers with status ${status}`;
  } catch (error) {
    return error instanceof BadRequestError ? "gives no answer of HTTP" : "ends the connection";
  }
}

/** What the host's proxy is sent for a URL: the whole URL, and who asks. */
export function upstreamHead(head: string, target: string, { authorization }: Upstream): string {
  return head.replace(" ", ` http://${target.replace(/:80$/, "")}`).replace(
    "\r\n",
    `\r\n${authorization}`,
  );
}
