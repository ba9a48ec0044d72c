import { createHash } from "node:crypto";

/** The digits of crypt(3)'s base 64, least significant first. */
const DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** The default of the method. */
const ROUNDS = 5000;

/**
 * Hashes a password for `/etc/shadow` as `openssl passwd -6` does, which macOS's openssl cannot:
 * "Unix crypt using SHA-256 and SHA-512" by Ulrich Drepper, version 0.6.
 *
 * @param salt at most 16 characters of `[a-zA-Z0-9./]`
 */
export function sha512Crypt(password: string, salt: string): string {
  const encoder = new TextEncoder();
  const [word, grain] = [encoder.encode(password), encoder.encode(salt)];
  const mixed = mix(word, grain);
  const p = stretch(hash(...Array(word.length).fill(word)), word.length);
  const s = stretch(hash(...Array(16 + (mixed[0] ?? 0)).fill(grain)), grain.length);
  let state = mixed;
  for (let round = 0; round < ROUNDS; round++) {
    const isOdd = round % 2 === 1;
    state = hash(
      isOdd ? p : state,
      ...(round % 3 === 0 ? [] : [s]),
      ...(round % 7 === 0 ? [] : [p]),
      isOdd ? state : p,
    );
  }
  return `$6$${salt}$${encode(state)}`;
}

/** Steps 1 to 12 of the method. */
function mix(word: Uint8Array, grain: Uint8Array): Uint8Array {
  const inner = hash(word, grain, word);
  const parts = [word, grain, stretch(inner, word.length)];
  for (let bits = word.length; bits > 0; bits >>= 1) parts.push(bits % 2 === 1 ? inner : word);
  return hash(...parts);
}

function hash(...parts: Uint8Array[]): Uint8Array {
  const sum = createHash("sha512");
  for (const part of parts) sum.update(part);
  return sum.digest();
}

/** Repeats a digest up to this length. */
function stretch(digest: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => digest[index % digest.length]!);
}

function encode(bytes: Uint8Array): string {
  let text = "";
  let [high, middle, low] = [0, 21, 42];
  for (let group = 0; group < 21; group++) {
    text += digits((bytes[high]! << 16) | (bytes[middle]! << 8) | bytes[low]!, 4);
    // The order in which the method takes the bytes.
    [high, middle, low] = [middle + 1, low + 1, high + 1];
  }
  return text + digits(bytes[63]!, 2);
}

function digits(value: number, count: number): string {
  return Array.from({ length: count }, (_, index) => DIGITS[(value >> (6 * index)) & 63]).join("");
}
