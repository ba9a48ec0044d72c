import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { writeAll } from "../../base/files/write_all.ts";
import { ownAddresses } from "./judge.ts";
import { serveProxy } from "./serve_proxy.ts";
import { readText, startTestProxy, startTestServer } from "./proxy_testing.ts";

const get = (url: string) => `GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`;
const connect = (target: string) => `CONNECT ${target} HTTP/1.1\r\n\r\n`;
const OK = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello";
/** Names of tests and where they lead. */
const HOSTS: Readonly<Record<string, readonly string[]>> = {
  "good.test": ["127.0.0.1"],
  "inside.test": ["10.0.0.7"],
  "mixed.test": ["10.0.0.7", "::1", "127.0.0.1"],
  "nothing.test": [],
};
const resolve = (host: string) => {
  const addresses = HOSTS[host];
  return addresses === undefined
    ? Promise.reject(new Error("ENOTFOUND"))
    : Promise.resolve(addresses);
};

Deno.test("the proxy fetches a URL for a client, and asks the server to close afterwards", async () => {
  await using server = startTestServer(OK);
  await using proxy = await startTestProxy({ resolve });
  const target = `good.test:${server.port}`;
  assertEquals(await proxy.ask(get(`http://${target}/x`)), OK);
  assertMatch(
    server.received[0]!,
    /^GET \/x HTTP\/1\.1\r\nHost: good\.test:\d+\r\nConnection: close/,
  );
  assertEquals(proxy.asked, [{ verdict: "allowed", target, address: "127.0.0.1" }]);
});

Deno.test("the proxy's tunnel carries bytes both ways, and the end of one side while the other sends", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using conn = await listener.accept();
    const text = await readText(conn);
    await writeAll(conn, new TextEncoder().encode(text.toUpperCase()));
  })();
  await using proxy = await startTestProxy({ resolve });
  // More than any buffer on the way holds, and some of it before the tunnel is there.
  const long = "abc\n".repeat(500_000);
  const answer = await proxy.ask(connect(`good.test:${listener.addr.port}`) + long);
  await serving;
  listener.close();
  assert(answer === `HTTP/1.1 200 Connection established\r\n\r\n${long.toUpperCase()}`);
});

Deno.test("the proxy connects to the address that it has judged: a second answer leads nowhere", async () => {
  await using server = startTestServer(OK);
  let lookups = 0;
  await using proxy = await startTestProxy({
    resolve: () => Promise.resolve(++lookups === 1 ? ["127.0.0.1"] : ["10.0.0.7"]),
  });
  const url = `http://rebinding.test:${server.port}/`;
  assertEquals(await proxy.ask(get(url)), OK);
  assertEquals(lookups, 1);
  assertMatch(await proxy.ask(get(url)), /^HTTP\/1\.1 403 .*its address is not public/s);
  assertEquals(server.received.length, 1);
});

Deno.test("the proxy refuses a name without an allowed address, and uses only the allowed ones", async () => {
  await using server = startTestServer(OK);
  await using proxy = await startTestProxy({ resolve });
  const refused = await proxy.ask(get("http://inside.test/"));
  assertMatch(refused, /^HTTP\/1\.1 403 Refused By The Network Rule\r\n/);
  // The address is for the host's log alone.
  const told = "its address is not public";
  assertStringIncludes(refused, `refused by the network rule: inside.test:80 (${told})\n`);
  assertEquals(proxy.asked[0]?.why, "10.0.0.7 is not a test's address");
  assertEquals(await proxy.ask(get(`http://mixed.test:${server.port}/`)), OK);
  assertEquals(proxy.asked.map(({ verdict, address }) => [verdict, address]), [
    ["refused", "10.0.0.7"],
    ["allowed", "127.0.0.1"],
  ]);
});

Deno.test("the proxy allows no connection to this host, by any name or number", async () => {
  await using server = startTestServer(OK);
  // Its own judgement, and this host's resolver.
  await using proxy = await startTestProxy({ judge: undefined });
  const hosts = ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"];
  const literals = ["[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[::]"];
  const own = ownAddresses().map(({ address }) => address.includes(":") ? `[${address}]` : address);
  const others = [
    "0.0.0.0",
    "10.0.2.2",
    "169.254.169.254",
    "192.168.1.1",
    "[fe80::1]",
    "[fd00::1]",
  ];
  for (const host of [...hosts, ...literals, ...own, ...others]) {
    for (const text of [connect(`${host}:${server.port}`), get(`http://${host}:${server.port}/`)]) {
      // A form that this system's resolver does not know is as good as refused.
      assertMatch(await proxy.ask(text), /^HTTP\/1\.1 (403|502) .*guesthouse: /s, text);
    }
  }
  assertEquals(server.received, []);
  assert(proxy.asked.every(({ verdict }) => verdict !== "allowed"));
});

Deno.test("the proxy does not even look up what its rule refuses", async () => {
  const lookups: string[] = [];
  const watched = (host: string) => {
    lookups.push(host);
    return resolve(host);
  };
  await using server = startTestServer(OK);
  {
    await using proxy = await startTestProxy({ rule: "none", resolve: watched });
    const answer = await proxy.ask(connect("good.test:443"));
    assertStringIncludes(answer, 'refused by the network rule: good.test:443 (the rule is "none")');
  }
  await using proxy = await startTestProxy({ rule: ["Good.test"], resolve: watched });
  assertStringIncludes(
    await proxy.ask(get("http://inside.test/")),
    "it is not in the list of hosts",
  );
  assertMatch(await proxy.ask(connect(`127.0.0.1:${server.port}`)), /^HTTP\/1\.1 403 /);
  assertEquals(lookups, []);
  assertEquals(await proxy.ask(get(`http://GOOD.test:${server.port}/`)), OK);
  assertEquals(lookups, ["good.test"]);
});

Deno.test("a name in the list of hosts that leads to this host is refused", async () => {
  await using proxy = await startTestProxy({ rule: ["localhost"], judge: undefined });
  assertMatch(await proxy.ask(get("http://localhost/")), /^HTTP\/1\.1 403 .*is not public/s);
  assertMatch(proxy.asked[0]?.why ?? "", /loopback/);
});

Deno.test("the proxy follows no redirect, so the next address is judged as well", async () => {
  const answer = "HTTP/1.1 302 Found\r\nLocation: http://inside.test/\r\nContent-Length: 0\r\n\r\n";
  await using server = startTestServer(answer);
  await using proxy = await startTestProxy({ resolve });
  assertEquals(await proxy.ask(get(`http://good.test:${server.port}/`)), answer);
  assertEquals(proxy.asked.length, 1);
  assertMatch(await proxy.ask(get("http://inside.test/")), /^HTTP\/1\.1 403 /);
});

Deno.test("the proxy gives a server one request's bytes and no others", async () => {
  await using server = startTestServer(OK);
  await using proxy = await startTestProxy({ resolve });
  const url = `http://good.test:${server.port}/`;
  await proxy.ask(get(url) + get("http://inside.test/secret"));
  const post = `POST ${url} HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /more HTTP/1.1\r\n\r\n`;
  await proxy.ask(post);
  assertEquals(server.received[0]!.split("\r\n\r\n")[1], "");
  assertEquals(server.received[1]!.split("\r\n\r\n").slice(1), ["abc"]);
});

Deno.test("the proxy says what cannot be reached, and why", async () => {
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  await using proxy = await startTestProxy({ resolve });
  const never = () => new Promise<string[]>(() => {});
  await using slow = await startTestProxy({ resolve: never, limits: { connectMs: 300 } });
  const body = async (text: string) => (await proxy.ask(text)).split("\r\n\r\n")[1];
  assertEquals(
    await body(connect(`good.test:${port}`)),
    `guesthouse: cannot be reached: good.test:${port} (connection refused)\n`,
  );
  assertStringIncludes(await proxy.ask(get("http://unknown.test/")), "its name does not resolve");
  assertStringIncludes(await proxy.ask(get("http://nothing.test/")), "its name has no address");
  assertMatch(await slow.ask(get("http://slow.test/")), /^HTTP\/1\.1 504 .*not resolved/s);
  assert([...slow.asked, ...proxy.asked].every(({ verdict }) => verdict === "failed"));
});

Deno.test("the proxy answers malformed, endless and slow requests, and stays up", async () => {
  await using server = startTestServer(OK);
  await using proxy = await startTestProxy({ resolve });
  await using hurried = await startTestProxy({ resolve, limits: { headMs: 300 } });
  assertMatch(await hurried.ask("GET http:", { end: false }), /^HTTP\/1\.1 408 /);
  assertMatch(await proxy.ask("\x16\x03\x01 no HTTP\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assertMatch(await proxy.ask(get("http://good.test/").replaceAll("\r", "")), /^HTTP\/1\.1 400 /);
  assertMatch(await proxy.ask("GET http://good.test/ HT"), /^HTTP\/1\.1 400 .*ends within/s);
  const endless = `GET http://good.test/ HTTP/1.1\r\nX: ${"x".repeat(40_000)}`;
  assertMatch(await proxy.ask(endless, { end: false }), /^HTTP\/1\.1 431 /);
  // Nothing of what such a client has sent is repeated.
  assert(
    [...hurried.asked, ...proxy.asked].every(({ verdict, target }) =>
      verdict === "refused" && target === undefined
    ),
  );
  assertEquals(await proxy.ask(""), "");
  assertEquals(await proxy.ask(get(`http://good.test:${server.port}/`)), OK);
});

Deno.test("the proxy ends a connection that is silent on both ends", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using proxy = await startTestProxy({ resolve, limits: { idleMs: 200 } });
  const asking = proxy.ask(connect(`good.test:${listener.addr.port}`), { end: false });
  using server = await listener.accept();
  assertEquals(await readText(server), "");
  assertMatch(await asking, /^HTTP\/1\.1 200 /);
  listener.close();
});

Deno.test("the proxy serves a limited number of clients at once, and the next ones after them", async () => {
  await using server = startTestServer(OK);
  await using proxy = await startTestProxy({ resolve, limits: { connections: 1 } });
  const first = await Deno.connect({ transport: "unix", path: proxy.path });
  let answered = false;
  const second = proxy.ask(get(`http://good.test:${server.port}/`)).then((text) => {
    answered = true;
    return text;
  });
  await writeAll(first, new TextEncoder().encode(connect("inside.test:1")));
  assertMatch(await readText(first), /^HTTP\/1\.1 403 /);
  assertEquals(answered, false);
  first.close();
  assertEquals(await second, OK);
});

Deno.test("disposal ends the proxy's connections and removes its socket", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const proxy = await startTestProxy({ resolve });
  const asking = proxy.ask(connect(`good.test:${listener.addr.port}`), { end: false });
  using server = await listener.accept();
  await proxy[Symbol.asyncDispose]();
  assertEquals(await readText(server), "");
  await asking;
  await assertRejects(() => Deno.connect({ transport: "unix", path: proxy.path }));
  listener.close();
});

Deno.test("serveProxy() takes the place of a socket that a killed task has left", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gh-proxy-" });
  const path = `${dir}/proxy`;
  try {
    Deno.listen({ transport: "unix", path }).close();
    await Deno.writeTextFile(path, "", { createNew: true }).catch(() => {});
    await using _proxy = serveProxy({ path, rule: "none", onAsked: () => {} });
    (await Deno.connect({ transport: "unix", path })).close();
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
