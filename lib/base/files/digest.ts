import { createHash, type Hash } from "node:crypto";
import { Buffer } from "node:buffer";
import { timingSafeEqual } from "@std/crypto";

/** SHA-256 as 64 lower-case hexadecimal digits. */
export type Digest = string;

/** The format of a {@link Digest}. */
export const DIGEST_PATTERN = /^[0-9a-f]{64}$/;

/** Whether two digests are equal, compared in constant time. */
export function isSameDigest(a: Digest, b: Digest): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** Bytes read at once: larger reads no longer make hashing faster. */
const CHUNK_BYTES = 1 << 20;

/** A SHA-256 in progress with unambiguous parts. */
export class FramedHash {
  readonly #hash: Hash = createHash("sha256");

  /** Adds a part preceded by its length, so that "ab" + "c" and "a" + "bc" differ. */
  frame(part: string | Uint8Array): this {
    const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(bytes.byteLength));
    this.#hash.update(length).update(bytes);
    return this;
  }

  /** Adds the rest of an open file. Its length is not added, so nothing may follow it. */
  async last(file: Deno.FsFile): Promise<this> {
    const chunk = new Uint8Array(CHUNK_BYTES);
    while (true) {
      const read = await file.read(chunk);
      if (read === null) return this;
      this.#hash.update(chunk.subarray(0, read));
    }
  }

  digest(): Digest {
    return this.#hash.digest("hex");
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
