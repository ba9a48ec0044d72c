import { dirname } from "@std/path";
import { atomicWrite, syncPath } from "../base/files/atomic_write.ts";
import { DIGEST_PATTERN } from "../base/files/digest.ts";
import { sha256File } from "../base/files/file_digest.ts";

/** The file beside a kept one that vouches for it: its SHA-256 in hexadecimal, and a newline. */
export const voucherPath = (path: string): string => `${path}.sha256`;

/**
 * Gives a finished file its final name and vouches for it. Its bytes and its name are on the disk
 * before the record is, so a crash of the host leaves no record of a file that is not whole.
 */
export async function keepFile(from: string, to: string): Promise<void> {
  await syncPath(from);
  const digest = await sha256File(from);
  await Deno.remove(voucherPath(to)).catch(() => {});
  if (from !== to) await Deno.rename(from, to);
  await syncPath(dirname(to));
  await atomicWrite(voucherPath(to), `${digest}\n`);
}

/** Where a kept file stands. */
export type KeptState = "whole" | "missing" | "damaged";

/** Reads a kept file (about 1 s per GB) and compares it with its record, without which it is damaged. */
export async function keptState(path: string): Promise<KeptState> {
  try {
    const digest = await sha256File(path);
    const record = (await Deno.readTextFile(voucherPath(path)).catch(() => "")).trim();
    return DIGEST_PATTERN.test(record) && record === digest ? "whole" : "damaged";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "missing";
    throw error;
  }
}

/** Removes a kept file and its record. */
export async function dropKept(path: string): Promise<void> {
  await Deno.remove(voucherPath(path)).catch(() => {});
  await Deno.remove(path);
}
