import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startTestProxy, startTestServer, startUpstream } from "./proxy_testing.ts";
import { upstreamFor } from "./upstream.ts";

const read = (env: Record<string, string>) => (name: string) => env[name];
const at = (host: string, env: Record<string, string>, port = 443, tunnel = true) => {
  const found = upstreamFor({ host, port, tunnel }, read(env));
  return found && `${found.host}:${found.port}`;
};

Deno.test("upstreamFor() reads the host's variables in both cases, as curl does", () => {
  const env = { https_proxy: "http://p.test:8080", HTTP_PROXY: "q.test:3128" };
  assertEquals(at("a.test", env), "p.test:8080");
  assertEquals(at("a.test", env, 80, false), "q.test:3128");
  assertEquals(at("a.test", { ALL_PROXY: "http://[::1]" }), "::1:80");
  assertEquals(at("a.test", { https_proxy: "", all_proxy: "" }), undefined);
});

Deno.test("upstreamFor() leaves out what no_proxy names", () => {
  const of = (no_proxy: string, host: string, port = 443) =>
    at(host, { https_proxy: "http://p.test:1", no_proxy }, port) === undefined;
  for (
    const [list, host] of [
      ["*", "a.test"],
      ["x, a.test", "a.test"],
      [".test", "a.test"],
      ["*.test", "b.a.test"],
      ["A.Test", "b.a.test"],
      ["a.test:443", "a.test"],
      ["a.test.", "a.test"],
      ["11.0.0.0/8", "11.2.3.4"],
      ["2001:db8::1", "2001:db8:0::1"],
    ] as const
  ) assertEquals(of(list, host), true, `${list} ${host}`);
  for (
    const [list, host] of [
      ["", "a.test"],
      ["a.test", "ba.test"],
      ["a.test:80", "a.test"],
      [".,*.", "a.test"],
      ["11.0.0.0/8", "12.0.0.1"],
      ["1.2", "11.2.3.4"],
    ] as const
  ) assertEquals(of(list, host), false, `${list} ${host}`);
});

Deno.test("upstreamFor() says what it cannot use, without a password", () => {
  const whyNot = (all_proxy: string) =>
    upstreamFor({ host: "a.test", port: 443, tunnel: true }, read({ all_proxy }))?.whyNot;
  assertEquals(
    whyNot("socks5://me:secret@p.test"),
    "the proxy of this host is not an HTTP proxy (socks5://)",
  );
  assertEquals(whyNot("http://:x:"), "the proxy of this host is not a URL");
});

Deno.test("upstreamFor() reads a user and a password as curl does, with any percent sign", () => {
  const basic = (url: string) =>
    upstreamFor({ host: "a.test", port: 443, tunnel: true }, read({ all_proxy: url }))
      ?.authorization;
  const header = (bytes: string) => `Proxy-Authorization: Basic ${btoa(bytes)}\r\n`;
  assertEquals(basic("http://me:100%@p.test"), header("me:100%"));
  assertEquals(basic("http://m%3Ae:%zz%25@p.test"), header("m:e:%zz%"));
  assertEquals(basic("http://me:é%E9@p.test"), header("me:\xc3\xa9\xe9"));
  assertEquals(basic("http://p.test"), "");
});

const get = (url: string) => `GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`;
const OK = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello";

Deno.test("the proxy goes through the host's own, with its password, which no guest sees", async () => {
  await using server = startTestServer(OK);
  await using upstream = await startUpstream({ user: "me:s%3Acret", server: server.port });
  await using proxy = await startTestProxy({
    upstream: (request) => upstreamFor(request, read({ all_proxy: upstream.url })),
    // Behind such a proxy, names of the internet do not resolve.
    resolve: (host) =>
      host === "inside.test"
        ? Promise.resolve(["10.0.0.7"])
        : Promise.reject(new Error("ENOTFOUND")),
  });
  assertMatch(await proxy.ask(get("http://far.test/x")), /^HTTP\/1\.1 200 OK\r\n.*hello/s);
  const tunnel = await proxy.ask("CONNECT far.test:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
  assertEquals(tunnel, `HTTP/1.1 200 Connection established\r\n\r\n${OK}`);
  assertEquals(upstream.asked, ["GET http://far.test/x", "CONNECT far.test:443"]);
  assertMatch(await proxy.ask(get("http://inside.test/")), /^HTTP\/1\.1 403 .*is not public/s);
  assertMatch(await proxy.ask(get("http://10.0.0.7/")), /^HTTP\/1\.1 403 /s);
  assertEquals(upstream.asked.length, 2);
  assertEquals(proxy.asked.map(({ verdict, address }) => [verdict, address]), [
    ["allowed", "by the proxy of this host"],
    ["allowed", "by the proxy of this host"],
    ["refused", "10.0.0.7"],
    ["refused", "10.0.0.7"],
  ]);
});

Deno.test("the proxy tells why the host's own does not connect it", async () => {
  await using server = startTestServer(OK);
  await using upstream = await startUpstream({ user: "me:secret", server: server.port });
  const wrong = upstream.url.replace("secret", "other");
  await using proxy = await startTestProxy({
    upstream: (request) => upstreamFor(request, read({ all_proxy: wrong })),
    resolve: () => Promise.reject(new Error("ENOTFOUND")),
  });
  const answer = await proxy.ask("CONNECT far.test:443 HTTP/1.1\r\n\r\n");
  assertStringIncludes(
    answer,
    "cannot be reached: far.test:443 (the proxy of this host answers with status 407)",
  );
  await upstream[Symbol.asyncDispose]();
  assertStringIncludes(
    await proxy.ask("CONNECT far.test:443 HTTP/1.1\r\n\r\n"),
    "the proxy of this host cannot be reached: connection refused",
  );
});
