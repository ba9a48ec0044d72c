import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeCredit, encodeFrame, encodePreamble, type Frame, FrameDecoder } from "./frames.ts";
import { AGENT_MAGIC, FROM_AGENT, HEADER_BYTES, KIND, type Kind, MAX_PAYLOAD } from "./protocol.ts";

const NONCE = Uint8Array.from({ length: 16 }, (_, index) => index);
const MARKER = concat([AGENT_MAGIC, NONCE]);

const frames = fc.array(fc.record({
  kind: fc.constantFrom(...FROM_AGENT) as fc.Arbitrary<Kind>,
  channel: fc.nat(0xffff_ffff),
  payload: fc.uint8Array({ maxLength: 300 }),
}));

Deno.test("FrameDecoder reads what encodeFrame() writes, however it is cut", () => {
  fc.assert(fc.property(frames, fc.uint8Array(), fc.nat(400), (list, noise, part) => {
    const sent = list.map(({ kind, channel, payload }) => encodeFrame(kind, channel, payload));
    const decoder = new FrameDecoder(NONCE);
    const got = decode(decoder, concat([noise, MARKER, ...sent]), part + 1);
    assertEquals(
      got.map((frame) => ({ ...frame, payload: [...frame.payload] })),
      list.map((frame) => ({ ...frame, payload: [...frame.payload] })),
    );
  }));
});

Deno.test("FrameDecoder discards the end of an earlier session, its marker included", () => {
  const old = concat([AGENT_MAGIC, new Uint8Array(16), encodeFrame(KIND.result, 1)]);
  const now = concat([MARKER, encodeFrame(KIND.result, 2)]);
  for (let part = 1; part < 80; part++) {
    const got = decode(new FrameDecoder(NONCE), concat([old, MARKER.subarray(0, 20), now]), part);
    assertEquals(got.map((frame) => frame.channel), [2]);
  }
});

Deno.test("FrameDecoder takes the largest payload and refuses one byte more", () => {
  const largest = encodeFrame(KIND.data, 1, new Uint8Array(MAX_PAYLOAD));
  const [frame] = decode(new FrameDecoder(NONCE), concat([MARKER, largest]), 1 << 16);
  assertEquals(frame?.payload.length, MAX_PAYLOAD);
  const header = largest.slice(0, HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, MAX_PAYLOAD + 1, true);
  assertRefused(header, "received a frame of 262145 bytes");
});

Deno.test("FrameDecoder refuses unknown kinds, those of hosts, and reserved bytes", () => {
  assertRefused(new Uint8Array(HEADER_BYTES), "unknown kind 0");
  assertRefused(encodeFrame(KIND.exec, 1), "unknown kind 16");
  const reserved = encodeFrame(KIND.data, 1);
  reserved[7] = 1;
  assertRefused(reserved, "reserved bytes that are not zero");
});

Deno.test("FrameDecoder throws only SyntaxError on any input", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(99), (hostile, part) => {
      try {
        decode(new FrameDecoder(NONCE), concat([MARKER, hostile]), part + 1);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("encodeFrame() refuses values that the protocol cannot hold", () => {
  assertThrows(() => encodeFrame(KIND.data, 1, new Uint8Array(MAX_PAYLOAD + 1)), RangeError);
  for (const channel of [-1, 1.5, 2 ** 32, NaN]) {
    assertThrows(() => encodeFrame(KIND.ping, channel), RangeError);
  }
});

Deno.test("encodePreamble() and encodeCredit() have the bytes of the protocol's text", () => {
  const preamble = encodePreamble(NONCE);
  assertEquals(new TextDecoder().decode(preamble.subarray(0, 16)), "\x7fGUESTHOUSE-HST1");
  assertEquals(preamble.subarray(16), NONCE);
  assertEquals([...encodeCredit(7, 0x01020304)], [
    4,
    0,
    0,
    0,
    0x22,
    0,
    0,
    0,
    7,
    0,
    0,
    0,
    4,
    3,
    2,
    1,
  ]);
});

function assertRefused(bytes: Uint8Array, why: string): void {
  const decoder = new FrameDecoder(NONCE);
  assertThrows(() => decode(decoder, concat([MARKER, bytes]), 5), SyntaxError, why);
}

function decode(decoder: FrameDecoder, bytes: Uint8Array, part: number): Frame[] {
  const found: Frame[] = [];
  for (let at = 0; at < bytes.length; at += part) {
    found.push(...decoder.push(bytes.subarray(at, at + part)));
  }
  return found;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
