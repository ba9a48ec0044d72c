import { normalHost } from "../../config/network.ts";
import { isIP } from "node:net";

export interface ProxyRequest {
  /** A host name in lower case, or an address; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** `CONNECT`: bytes go both ways as they are. */
  readonly tunnel: boolean;
  /** What the server is sent first; empty for a tunnel. */
  readonly head: string;
  /** How many bytes of the client follow that are the server's; `Infinity` for up to its end. */
  readonly bodyBytes: number;
  /** Whether these are chunks: the body ends with the last one. */
  readonly isChunked: boolean;
}

/** What a client has sent is no request to a proxy. The message says why. */
export class BadRequestError extends Error {
  override name = "BadRequestError";
  constructor(message: string, readonly status = 400) {
    super(message);
  }
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Headers that are for the next hop alone (RFC 9110, 7.6.1), and the one that is made again. */
const HOP_BY_HOP = new Set([
  ...["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "upgrade"],
  "host",
]);

/**
 * Reads a request's head: `CONNECT HOST:PORT`, or a method with a URL `http://HOST[:PORT]/PATH`.
 * The server is asked to close afterwards, so each request is judged separately. Throws {@link
 * BadRequestError}. In `head` one character stands for each byte.
 */
export function parseRequest(head: string): ProxyRequest {
  if (!head.endsWith("\r\n\r\n") || /\r(?!\n)|(?<!\r)\n/.test(head)) {
    throw new BadRequestError("its lines do not end with CR LF");
  }
  const [first = "", ...lines] = head.slice(0, -4).split("\r\n");
  const [, method = "", target = "", version = ""] =
    /^(\S+) ([\x21-\x7e]+) (HTTP\/1\.[01])$/.exec(first) ?? [];
  if (!TOKEN.test(method)) throw new BadRequestError("its first line is no request of HTTP/1.1");
  const headers = lines.map(parseHeader);
  if (method === "CONNECT") {
    const place = parseAuthority(target, undefined);
    return { ...place, tunnel: true, head: "", bodyBytes: Infinity, isChunked: false };
  }
  const [, authority, rest = ""] = /^http:\/\/([^/?#]+)([^#]*)$/i.exec(target) ?? [];
  if (authority === undefined) throw new BadRequestError("its target is no http:// URL");
  const place = parseAuthority(authority, 80);
  return {
    ...place,
    tunnel: false,
    head: [
      `${method} ${rest.startsWith("/") ? rest : `/${rest}`} ${version}`,
      // The URL decides, not what the client says beside it (RFC 9112, 3.2.2).
      `Host: ${hostHeader(place)}`,
      ...endToEnd(headers).map(([name, value]) => `${name}: ${value}`),
      "Connection: close",
      "\r\n",
    ].join("\r\n"),
    bodyBytes: bodyBytes(headers),
    isChunked: valuesOf(headers, "transfer-encoding").length > 0,
  };
}

type Header = readonly [name: string, value: string];

function parseHeader(line: string): Header {
  const [, name = "", value = ""] = /^([^:]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? [];
  if (!TOKEN.test(name)) throw new BadRequestError("one of its headers is malformed");
  return [name, value.trimEnd()];
}

function valuesOf(headers: readonly Header[], wanted: string): string[] {
  return headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

/** The headers that are for the server: a client may name more that are not. */
function endToEnd(headers: readonly Header[]): Header[] {
  const named = valuesOf(headers, "connection").flatMap((value) => value.toLowerCase().split(","))
    .map((name) => name.trim())
    // What says how long the body is has to stay.
    .filter((name) => !["content-length", "transfer-encoding"].includes(name));
  return headers.filter(([name]) =>
    !HOP_BY_HOP.has(name.toLowerCase()) && !named.includes(name.toLowerCase())
  );
}

/** Two readings of where a body ends are how requests are smuggled, so there must be one. */
function bodyBytes(headers: readonly Header[]): number {
  const lengths = valuesOf(headers, "content-length");
  const encodings = valuesOf(headers, "transfer-encoding");
  if (encodings.length > 0) {
    if (lengths.length > 0 || encodings.length > 1 || encodings[0]!.toLowerCase() !== "chunked") {
      throw new BadRequestError("the length of its body is ambiguous");
    }
    return Infinity;
  }
  const [length = "0"] = lengths;
  if (lengths.length > 1 || !/^\d{1,15}$/.test(length)) {
    throw new BadRequestError("the length of its body is ambiguous");
  }
  return Number(length);
}

/** `HOST[:PORT]`; without a port to fall back on, it must have one. */
function parseAuthority(
  text: string,
  fallback: number | undefined,
): Pick<ProxyRequest, "host" | "port"> {
  const [, literal, name = "", portText] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]@]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = literal === undefined
    ? normalHost(name)
    : isIP(literal) === 6
    ? literal.toLowerCase()
    : undefined;
  const port = portText === undefined ? fallback : Number(portText);
  if (host === undefined) throw new BadRequestError("it names no host");
  if (port === undefined || port < 1 || port > 65535) {
    throw new BadRequestError("it names no port from 1 to 65535");
  }
  return { host, port };
}

function hostHeader({ host, port }: Pick<ProxyRequest, "host" | "port">): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === 80 ? name : `${name}:${port}`;
}
