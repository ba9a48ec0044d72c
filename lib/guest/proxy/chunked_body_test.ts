import { assertEquals, assertThrows } from "@std/assert";
import { ChunkedBody } from "./chunked_body.ts";
import { BadRequestError } from "./proxy_request.ts";
import { startTestProxy, startTestServer } from "./proxy_testing.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const REST = "GET http://b.test/ HTTP/1.1\r\n\r\n";
const BODIES = [
  "0\r\n\r\n",
  "3\r\nabc\r\n0\r\n\r\n",
  'A;x="y"\r\n0\r\n\r\n12345\r\n1 \r\n\n\r\n00\r\nTrailer: 1\r\n\r\n',
];

Deno.test("ChunkedBody finds the end of a body, however it is cut into pieces", () => {
  for (const text of BODIES) {
    const all = bytes(text + REST);
    for (let size = 1; size <= all.length; size++) {
      const body = new ChunkedBody();
      let taken = 0;
      for (let at = 0; at < all.length; at += size) taken += body.take(all.slice(at, at + size));
      assertEquals([taken, body.isOver], [text.length, true], JSON.stringify([text, size]));
    }
  }
});

Deno.test("ChunkedBody refuses what others may read in another way", () => {
  for (
    const text of [
      ...["\r\n", "x\r\n", "-1\r\n", "0x1\r\n", "+1\r\n", "1\n", "1\ra\r\n", "123456789\r\n"],
      ...["1\r\nab\r\n", "1\r\na\n", "0\r\n\n", `1;${"x".repeat(9000)}`],
    ]
  ) assertThrows(() => new ChunkedBody().take(bytes(text)), BadRequestError);
});

Deno.test("the proxy sends a server nothing behind a body in chunks, such as another request", async () => {
  await using server = startTestServer("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
  await using proxy = await startTestProxy({ resolve: () => Promise.resolve(["127.0.0.1"]) });
  const head = `POST http://a.test:${server.port}/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const body = "3\r\nabc\r\n0\r\n\r\n";
  await proxy.ask(head + body + REST);
  assertEquals(server.received[0]?.endsWith(`\r\n\r\n${body}`), true, server.received[0]);
});
