import { assertEquals, assertThrows } from "@std/assert";
import { parseExecResult, parseFailure, parseHello } from "./messages.ts";
import { parseEvent } from "./events_testing.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("parseExecResult() reads a result, and names an invalid field", () => {
  const result = { code: null, signal: 9, timedOut: true, oom: false };
  assertEquals(parseExecResult(bytes(JSON.stringify(result))), result);
  const bad = bytes(JSON.stringify({ ...result, code: "0" }));
  assertThrows(() => parseExecResult(bad), SyntaxError, "received exec result that does not fit");
  assertThrows(() => parseExecResult(bad), SyntaxError, "code:");
});

Deno.test("parsers refuse text that is not JSON or UTF-8, or is too long", () => {
  for (const payload of [bytes(""), bytes("{"), new Uint8Array([0xff]), bytes("null")]) {
    assertThrows(() => parseHello(payload), SyntaxError, "received hello that");
  }
  const long = bytes(JSON.stringify({ code: "E", message: "x".repeat(20_000) }));
  assertThrows(() => parseFailure(long), SyntaxError);
});

Deno.test("parseEvent() reads events and skips everything else", () => {
  const event = { event: "oom", seq: 2, uptimeMs: 5 };
  assertEquals(parseEvent(JSON.stringify({ ...event, kills: 1 })), {
    ...event,
    fields: { kills: 1 },
  });
  for (const line of ["", "null", "[]", "7", '{"event":1}', 't":"oom"}', "{}"]) {
    assertEquals(parseEvent(line), undefined);
  }
});
