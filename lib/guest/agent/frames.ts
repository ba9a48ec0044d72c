import { concat } from "@std/bytes";
import { timingSafeEqual } from "@std/crypto";
import {
  AGENT_MAGIC,
  FROM_AGENT,
  HEADER_BYTES,
  HOST_MAGIC,
  KIND,
  type Kind,
  MAX_PAYLOAD,
} from "./protocol.ts";

/** A frame that came from the agent. The payload is the receiver's to keep. */
export interface Frame {
  readonly kind: Kind;
  readonly channel: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

const PREAMBLE_BYTES = 32;

/** The bytes of a frame. Throws `RangeError` for a payload above 256 KiB or no u32 as channel. */
export function encodeFrame(
  kind: Kind,
  channel: number,
  payload: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  if (payload.length > MAX_PAYLOAD) {
    throw new RangeError(
      `Cannot send a frame of ${payload.length} bytes: at most ${MAX_PAYLOAD} fit`,
    );
  }
  if (!Number.isInteger(channel) || channel < 0 || channel > 0xffff_ffff) {
    throw new RangeError(`Cannot send a frame on channel ${channel}: it is not a u32`);
  }
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, payload.length, true);
  header.setUint8(4, kind);
  header.setUint32(8, channel, true);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** A frame whose payload is JSON. */
export function encodeJson(kind: Kind, channel: number, value: unknown): Uint8Array<ArrayBuffer> {
  return encodeFrame(kind, channel, new TextEncoder().encode(JSON.stringify(value)));
}

/** A frame that lets the agent send so many bytes more. */
export function encodeCredit(channel: number, bytes: number): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, bytes, true);
  return encodeFrame(KIND.credit, channel, payload);
}

/** What begins a session. `nonce` is 16 random bytes. */
export function encodePreamble(nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat([HOST_MAGIC, nonce]);
}

/**
 * Cuts what the agent sends into frames, holding at most one. Everything before the answer to our
 * preamble is discarded: it was meant for an earlier host.
 */
export class FrameDecoder {
  #marker: Uint8Array = new Uint8Array();
  readonly #partial = new Uint8Array(HEADER_BYTES + MAX_PAYLOAD);
  #length = 0;
  #synced = false;

  constructor(nonce: Uint8Array) {
    this.expect(nonce);
  }

  /** Waits for the answer to another preamble from now on. */
  expect(nonce: Uint8Array): void {
    this.#marker = concat([AGENT_MAGIC, nonce]);
    this.#synced = false;
    this.#length = 0;
  }

  /** Yields the frames that a chunk completes. Throws `SyntaxError`, which ends the session. */
  *push(chunk: Uint8Array): Generator<Frame, void, void> {
    let rest = this.#synced ? chunk : this.#findMarker(chunk);
    while (rest.length > 0) {
      const wanted = this.#length < HEADER_BYTES ? HEADER_BYTES : this.#frameLength();
      const part = rest.subarray(0, wanted - this.#length);
      this.#partial.set(part, this.#length);
      this.#length += part.length;
      rest = rest.subarray(part.length);
      if (this.#length < HEADER_BYTES || this.#length < this.#frameLength()) continue;
      yield this.#take();
    }
  }

  /** What lies behind the marker, once it has come; until then nothing. */
  #findMarker(chunk: Uint8Array): Uint8Array {
    const all = concat([this.#partial.subarray(0, this.#length), chunk]);
    const at = indexOf(all, this.#marker);
    this.#length = 0;
    if (at !== -1) {
      this.#synced = true;
      return all.subarray(at + PREAMBLE_BYTES);
    }
    // The marker may have begun: it is one byte longer than what is kept.
    const tail = all.subarray(Math.max(0, all.length - PREAMBLE_BYTES + 1));
    this.#partial.set(tail);
    this.#length = tail.length;
    return new Uint8Array();
  }

  /** The length of the frame whose header is complete, header included. */
  #frameLength(): number {
    const header = new DataView(this.#partial.buffer, 0, HEADER_BYTES);
    const length = header.getUint32(0, true);
    if (length > MAX_PAYLOAD) throw new SyntaxError(`received a frame of ${length} bytes`);
    if (!FROM_AGENT.has(header.getUint8(4))) {
      throw new SyntaxError(`received a frame of unknown kind ${header.getUint8(4)}`);
    }
    const reserved = header.getUint32(4, true) >>> 8;
    if (reserved !== 0) throw new SyntaxError("received reserved bytes that are not zero");
    return HEADER_BYTES + length;
  }

  #take(): Frame {
    const header = new DataView(this.#partial.buffer, 0, HEADER_BYTES);
    const frame = {
      kind: header.getUint8(4) as Kind,
      channel: header.getUint32(8, true),
      payload: this.#partial.slice(HEADER_BYTES, this.#length),
    };
    this.#length = 0;
    return frame;
  }
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const first = wanted[0]!;
  for (let at = bytes.indexOf(first); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (timingSafeEqual(bytes.subarray(at, at + wanted.length), wanted)) return at;
  }
  return -1;
}
