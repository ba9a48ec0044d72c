import { concat } from "@std/bytes";

/** One member of an initramfs archive. */
export interface CpioEntry {
  /** Path without a leading slash, e.g. `usr/bin/sh`. Parent directories must come first. */
  readonly path: string;
  /** File type and permission bits as in `st_mode`; see {@link MODE}. */
  readonly mode: number;
  /** File contents, or a symlink's target. */
  readonly data?: Uint8Array;
  /** Device number of a character device. */
  readonly device?: { readonly major: number; readonly minor: number };
}

/** File type bits of `st_mode` (POSIX `<sys/stat.h>`). */
export const MODE = {
  directory: 0o040000,
  file: 0o100000,
  link: 0o120000,
  char: 0o020000,
} as const;

/** A directory entry. */
export const directory = (path: string, mode = 0o755): CpioEntry => ({
  path,
  mode: MODE.directory | mode,
});
/** A regular file entry. */
export const file = (path: string, data: Uint8Array | string, mode = 0o644): CpioEntry => ({
  path,
  mode: MODE.file | mode,
  data: typeof data === "string" ? new TextEncoder().encode(data) : data,
});
/** A character device entry. */
export const charDevice = (
  path: string,
  major: number,
  minor: number,
  mode = 0o600,
): CpioEntry => ({ path, mode: MODE.char | mode, device: { major, minor } });

/**
 * Packs a "newc" cpio archive for Linux's initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Owner is root, times are zero and
 * inodes count up, so equal entries give equal bytes. Archives may be concatenated.
 */
export function packCpio(entries: readonly CpioEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  entries.forEach((entry, index) => parts.push(...member(entry, index + 1)));
  parts.push(...member({ path: "TRAILER!!!", mode: 0 }, 0));
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  // Padded to a 512-byte block, so that concatenated archives stay aligned to 4 bytes.
  return concat([...parts, new Uint8Array(-total & 511)]);
}

function member(entry: CpioEntry, inode: number): Uint8Array[] {
  const name = new TextEncoder().encode(`${entry.path}\0`);
  const data = entry.data ?? new Uint8Array();
  const isDirectory = (entry.mode & 0o170000) === MODE.directory;
  const fields = [
    inode,
    entry.mode,
    0, // uid
    0, // gid
    isDirectory ? 2 : 1, // links
    0, // mtime
    data.length,
    0, // major and minor of the device that holds the file
    0,
    entry.device?.major ?? 0,
    entry.device?.minor ?? 0,
    name.length,
    0, // checksum, unused by newc
  ];
  const header = "070701" + fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  const head = new TextEncoder().encode(header);
  return [head, name, padding(head.length + name.length), data, padding(data.length)];
}

const padding = (length: number): Uint8Array => new Uint8Array((4 - length % 4) % 4);
