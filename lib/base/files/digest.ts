import { concat } from "@std/bytes";
import { timingSafeEqual } from "@std/crypto";

/** SHA-256 as 64 lower-case hexadecimal digits. */
export type Digest = string;

/** The format of a {@link Digest}. */
export const DIGEST_PATTERN = /^[0-9a-f]{64}$/;

/** Whether two digests are equal, compared in constant time. */
export function isSameDigest(a: Digest, b: Digest): boolean {
  const encoder = new TextEncoder();
  return timingSafeEqual(encoder.encode(a), encoder.encode(b));
}

/** A SHA-256 of unambiguous parts, which are kept in memory until {@link FramedHash.digest}. */
export class FramedHash {
  readonly #parts: Uint8Array[] = [];

  /** Adds a part preceded by its length, so that "ab" + "c" and "a" + "bc" differ. */
  frame(part: string | Uint8Array): this {
    const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(bytes.byteLength));
    this.#parts.push(length, bytes);
    return this;
  }

  /** Adds a part without its length, so nothing may follow it. */
  last(part: Uint8Array): this {
    this.#parts.push(part);
    return this;
  }

  /** By Web Crypto: the module of Node, which could do it at once, takes 50 ms to load. */
  async digest(): Promise<Digest> {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(this.#parts))).toHex();
  }
}

/**
 * JSON with sorted keys and without spaces: equal values give equal text. `undefined` fields count
 * as absent. Throws `TypeError` for what JSON cannot hold, since inputs must not be conflated.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "string" || typeof value === "boolean") {
    return JSON.stringify(value);
  }
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (isPlainObject(value)) {
    const fields = Object.keys(value).sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
    return `{${fields.join(",")}}`;
  }
  throw new TypeError(`Cannot put a value into a recipe key: ${describe(value)} is not JSON`);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) return `a ${value.constructor.name}`;
  return typeof value === "number" ? String(value) : typeof value;
}
