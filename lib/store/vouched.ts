import { atomicWrite, syncPath } from "../base/files/atomic_write.ts";
import { DIGEST_PATTERN, isSameDigest } from "../base/files/digest.ts";
import { sha256File } from "../base/files/file_digest.ts";
import { recordFile } from "../base/files/file_record.ts";
import { publish } from "./publish.ts";

/** The file beside a kept one that vouches for it: its SHA-256 in hexadecimal, and a newline. */
export const voucherPath = (path: string): string => `${path}.sha256`;

/**
 * Gives a finished file its final name and vouches for it. `known` is its SHA-256, if that has just
 * been computed.
 */
export async function keepFile(from: string, to: string, known?: string): Promise<void> {
  if (known !== undefined) await syncPath(from);
  const sha256 = known ?? (await recordFile(from)).sha256;
  await publish([{ from, to }], {
    withdraw: voucherPath(to),
    vouch: () => atomicWrite(voucherPath(to), `${sha256}\n`),
  });
}

type KeptState = "whole" | "missing" | "damaged";

/** Reads a kept file (about 1 s per GB) and compares it with its record, without which it is damaged. */
export async function keptState(path: string): Promise<KeptState> {
  try {
    const digest = await sha256File(path);
    const record = (await Deno.readTextFile(voucherPath(path)).catch(() => "")).trim();
    return DIGEST_PATTERN.test(record) && isSameDigest(record, digest) ? "whole" : "damaged";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "missing";
    throw error;
  }
}
