import { assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { parseQmpMessage } from "./qmp_message.ts";

Deno.test("parseQmpMessage() sorts what QEMU sends", () => {
  assertEquals(parseQmpMessage('{"QMP": {"version": {"package": ""}, "capabilities": []}}'), {
    kind: "greeting",
    version: { package: "" },
  });
  assertEquals(parseQmpMessage('{"return": {}, "id": 3}'), { kind: "return", id: 3, value: {} });
  assertEquals(parseQmpMessage('{"error": {"class": "GenericError", "desc": "no"}, "id": 4}'), {
    kind: "error",
    id: 4,
    errorClass: "GenericError",
    description: "no",
  });
  assertEquals(
    parseQmpMessage(
      '{"timestamp": {"seconds": 2, "microseconds": 500000}, "event": "STOP"}',
    ),
    { kind: "event", event: { event: "STOP", data: {}, timeMs: 2500 } },
  );
});

Deno.test("parseQmpMessage() gives NaN for a clock that QEMU could not read", () => {
  const message = parseQmpMessage(
    '{"timestamp": {"seconds": -1, "microseconds": -1}, "event": "STOP"}',
  );
  assertEquals(message.kind === "event" && message.event.timeMs, NaN);
});

Deno.test("parseQmpMessage() refuses anything else and shows its start", () => {
  for (const line of ["", "SSH-2.0-OpenSSH_9.2", "[]", "null", "7", "{}", '{"return']) {
    assertThrows(() => parseQmpMessage(line), SyntaxError, JSON.stringify(line));
  }
  assertThrows(() => parseQmpMessage("x".repeat(1000)), SyntaxError, `"${"x".repeat(80)}…"`);
});

Deno.test("parseQmpMessage() returns a message or throws SyntaxError for any JSON", () => {
  fc.assert(fc.property(fc.json(), (line) => {
    try {
      parseQmpMessage(line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }));
});
