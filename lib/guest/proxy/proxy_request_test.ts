import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BadRequestError, parseRequest } from "./proxy_request.ts";

const request = (...lines: string[]) => parseRequest([...lines, "", ""].join("\r\n"));

Deno.test("parseRequest() reads CONNECT", () => {
  const tunnel = { tunnel: true, head: "", bodyBytes: Infinity, isChunked: false };
  assertEquals(request("CONNECT Example.org:443 HTTP/1.1", "Host: other:1"), {
    ...{ ...tunnel, host: "example.org", port: 443 },
  });
  assertEquals(request("CONNECT [2606:4700::1111]:8443 HTTP/1.0"), {
    ...{ ...tunnel, host: "2606:4700::1111", port: 8443 },
  });
});

Deno.test("parseRequest() makes a URL a request to its server, which closes afterwards", () => {
  const read = request(
    "GET http://Deb.Debian.org./debian?a=b HTTP/1.1",
    "Host: evil.example",
    "host: evil.example",
    "Accept:\t*/* ",
    "Proxy-Connection: keep-alive",
    "Proxy-Authorization: Basic c2VjcmV0",
    "Connection: keep-alive, X-Mine",
    "X-Mine: 1",
    "Keep-Alive: 5",
    "Upgrade: h2c",
  );
  assertEquals([read.host, read.port, read.tunnel, read.bodyBytes], [
    ...["deb.debian.org", 80, false, 0],
  ]);
  assertEquals(read.head.split("\r\n"), [
    "GET /debian?a=b HTTP/1.1",
    "Host: deb.debian.org",
    "Accept: */*",
    "Connection: close",
    "",
    "",
  ]);
});

Deno.test("parseRequest() completes paths and names ports that are not 80", () => {
  const lines = (target: string) =>
    request(`GET ${target} HTTP/1.1`).head.split("\r\n").slice(0, 2);
  assertEquals(lines("http://a.example"), ["GET / HTTP/1.1", "Host: a.example"]);
  assertEquals(lines("http://a.example?x"), ["GET /?x HTTP/1.1", "Host: a.example"]);
  assertEquals(lines("HTTP://a.example:8080/"), ["GET / HTTP/1.1", "Host: a.example:8080"]);
  assertEquals(lines("http://[2606::1]:81/"), ["GET / HTTP/1.1", "Host: [2606::1]:81"]);
});

Deno.test("parseRequest() knows the length of a body, whatever Connection names", () => {
  const post = "POST http://a.example/ HTTP/1.1";
  assertEquals(request(post, "Content-Length: 12").bodyBytes, 12);
  assertEquals(request(post, "Transfer-Encoding: chunked").bodyBytes, Infinity);
  assertEquals(request(post, "Transfer-Encoding: chunked").isChunked, true);
  const named = request(post, "Content-Length: 3", "Connection: content-length");
  assert(named.head.includes("Content-Length: 3"));
});

Deno.test("parseRequest() refuses what is not a request to a proxy, or is ambiguous", () => {
  const get = "GET http://a.example/ HTTP/1.1";
  const refused: string[][] = [
    [""],
    ["GET / HTTP/1.1"],
    ["GET https://a.example/ HTTP/1.1"],
    ["GET ftp://a.example/ HTTP/1.1"],
    ["GET http://a.example/ HTTP/2.0"],
    ["GET http://a.example/ HTTP/1.1 x"],
    ["GET  http://a.example/ HTTP/1.1"],
    ["GET\thttp://a.example/ HTTP/1.1"],
    ["G(T http://a.example/ HTTP/1.1"],
    ["GET http://user@a.example/ HTTP/1.1"],
    ["GET http://a.example@127.0.0.1/ HTTP/1.1"],
    ["GET http://a.example/#x HTTP/1.1"],
    ["GET http:///x HTTP/1.1"],
    ["GET http://a.example:0/ HTTP/1.1"],
    ["GET http://a.example:65536/ HTTP/1.1"],
    ["GET http://a.example:/ HTTP/1.1"],
    ["GET http://a..example/ HTTP/1.1"],
    ["GET http://a%2eexample/ HTTP/1.1"],
    ["GET http://a.example\\@b.example/ HTTP/1.1"],
    ["GET http://\u00e9.example/ HTTP/1.1"],
    ["GET http://\x1b[31m.example/ HTTP/1.1"],
    ["CONNECT a.example HTTP/1.1"],
    ["CONNECT a.example:443/x HTTP/1.1"],
    ["CONNECT http://a.example:443 HTTP/1.1"],
    ["CONNECT [127.0.0.1]:443 HTTP/1.1"],
    ["CONNECT [fe80::1%25eth0]:443 HTTP/1.1"],
    ["CONNECT ::1:443 HTTP/1.1"],
    ["CONNECT a.example:4 43 HTTP/1.1"],
    ["CONNECT a.example:+443 HTTP/1.1"],
    [get, "Bad Header: x"],
    [get, "Header : x"],
    [get, " folded"],
    [get, "X: a\x00b"],
    [get, "no colon"],
    [get, "Content-Length: 1", "Content-Length: 1"],
    [get, "Content-Length: +1"],
    [get, "Content-Length: 1, 1"],
    [get, "Content-Length: 1", "Transfer-Encoding: chunked"],
    [get, "Transfer-Encoding: chunked, identity"],
    [get, "Transfer-Encoding: xchunked"],
    [get, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
  ];
  for (const lines of refused) {
    assertThrows(() => request(...lines), BadRequestError, undefined, JSON.stringify(lines));
  }
  for (
    const text of [`${get}\n\n`, `${get}\r\nA: b\nC: d\r\n\r\n`, `${get}\r\nA: b\rC: d\r\n\r\n`]
  ) {
    assertThrows(() => parseRequest(text), BadRequestError, "CR LF");
  }
});

Deno.test("parseRequest() accepts or refuses any text", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom("CONNECT ", "GET http://", "a.example", ":443", " HTTP/1.1", "\r\n", "[::1]"),
  );
  fc.assert(fc.property(fc.array(piece), (pieces) => {
    try {
      const { host, port, head } = parseRequest(`${pieces.join("")}\r\n\r\n`);
      assert(/^[a-z0-9_.:-]+$/.test(host) && port > 0 && port < 65536);
      assert(head === "" || head.endsWith("\r\nConnection: close\r\n\r\n"));
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw error;
    }
  }));
});
