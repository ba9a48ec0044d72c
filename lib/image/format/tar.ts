import { concat } from "@std/bytes";
import { type CpioEntry, MODE } from "./cpio.ts";

/** The unit of tar archives, in bytes. */
const BLOCK = 512;
/** What tar programs read at a time from a device, whose size should be a multiple of it. */
const RECORD = 20 * BLOCK;
/** How long a member's path may be without a prefix, in bytes. */
const LONGEST_PATH = 100;

/**
 * Packs regular files as a "ustar" archive (POSIX.1-1988, `pax`), owned by root and with no times,
 * so that equal entries give equal bytes. Directories are left out: whatever unpacks it makes those
 * that are missing, and leaves the others as they are.
 */
export function packTar(entries: readonly CpioEntry[]): Uint8Array<ArrayBuffer> {
  const files = entries.filter(({ mode }) => (mode & 0o170000) === MODE.file);
  const parts = files.flatMap((entry) => {
    const data = entry.data ?? new Uint8Array();
    return [header(entry, data.length), data, new Uint8Array(-data.length & (BLOCK - 1))];
  });
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = Math.ceil((bytes + 2 * BLOCK) / RECORD) * RECORD;
  return concat([...parts, new Uint8Array(whole - bytes)]);
}

function header({ path, mode }: CpioEntry, size: number): Uint8Array {
  const encoder = new TextEncoder();
  const name = encoder.encode(path);
  if (name.length > LONGEST_PATH) throw new RangeError(`"${path}" is too long for a tar archive`);
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(encoder.encode(text), at);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  block.set(name, 0);
  put(100, octal(mode & 0o7777, 7));
  put(108, octal(0, 7)); // uid
  put(116, octal(0, 7)); // gid
  put(124, octal(size, 11));
  put(136, octal(0, 11)); // mtime
  put(148, " ".repeat(8)); // the checksum counts itself as spaces
  put(156, "0"); // a regular file
  put(257, "ustar\x0000");
  put(265, "root\0");
  put(297, "root\0");
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}
