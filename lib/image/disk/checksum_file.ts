/** Algorithms of publishers' checksums, and how many hexadecimal digits theirs have. */
const DIGITS = { sha256: 64, sha512: 128 } as const;

export type ChecksumAlgorithm = keyof typeof DIGITS;

/**
 * The checksum that a publisher's file has for another file, in lower case, or `undefined`. Reads
 * both forms that are in use: `HEX *NAME` of coreutils, and `SHA256 (NAME) = HEX` of the BSDs. A
 * name may have a directory before it, which is not compared.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findChecksum } from "./checksum_file.ts";
 *
 * const digest = "0f".repeat(32);
 * assertEquals(findChecksum(`${digest} *disk.img\n`, "disk.img", "sha256"), digest);
 * assertEquals(findChecksum(`SHA256 (disk.img) = ${digest}\n`, "disk.img", "sha256"), digest);
 * ```
 */
export function findChecksum(
  text: string,
  name: string,
  algorithm: ChecksumAlgorithm,
): string | undefined {
  const digits = DIGITS[algorithm];
  const plain = new RegExp(`^([0-9a-f]{${digits}})\\s+\\*?(.+?)\\s*$`, "i");
  const tagged = new RegExp(
    `^${algorithm}\\s*\\((.+)\\)\\s*=\\s*([0-9a-f]{${digits}})\\s*$`,
    "i",
  );
  const found = new Set<string>();
  for (const line of text.split("\n")) {
    const [, hex, path] = plain.exec(line) ?? [];
    const [, taggedPath, taggedHex] = tagged.exec(line) ?? [];
    const own = path ?? taggedPath;
    if (own?.split("/").at(-1) === name) found.add((hex ?? taggedHex)!.toLowerCase());
  }
  // Two different ones for one name say nothing.
  return found.size === 1 ? [...found][0] : undefined;
}
