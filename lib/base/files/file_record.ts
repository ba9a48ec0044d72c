import { z } from "zod";
import { syncPath } from "./atomic_write.ts";
import { DIGEST_PATTERN, isSameDigest } from "./digest.ts";
import { sha256File } from "./file_digest.ts";

/** A digest in a record. */
export const digestSchema = z.string().regex(DIGEST_PATTERN);

/** One file of an image, a part or a snapshot at the time when it was made. */
export const fileRecordSchema = z.object({
  /** SHA-256 of its bytes, or what the store computes instead of it. */
  sha256: digestSchema,
  bytes: z.int().nonnegative(),
  /** See {@link identityOf}. Records of former versions have none. */
  identity: z.string().default(""),
});

/** The type of {@link fileRecordSchema}. */
export type FileRecord = z.output<typeof fileRecordSchema>;

/** Computes the digest of a file. */
export type DigestOf = (path: string) => Promise<string>;

/**
 * Deno gives the change time in whole seconds, and kernels and file servers have their own clocks.
 */
const SETTLED_MS = 2_000;

/**
 * Identifies an unchanged file. The change time counts, since it cannot be set back. Empty for a
 * file changed within the last seconds, which may change again without a trace.
 */
export function identityOf({ dev, ino, mtime, ctime }: Deno.FileInfo): string {
  const changedMs = ctime?.getTime() ?? 0;
  if (Math.abs(Date.now() - changedMs) < SETTLED_MS) return "";
  return [dev, ino, mtime?.getTime(), changedMs].join(" ");
}

/** Records a file, once its bytes are on the disk: a record must not outlive them in a crash. */
export async function recordFile(
  path: string,
  digestOf: DigestOf = sha256File,
): Promise<FileRecord> {
  await syncPath(path);
  const info = await Deno.stat(path);
  const identity = identityOf(info);
  return { sha256: await digestOf(path), bytes: info.size, identity };
}

/** What {@link checkFile} found: the record as it should be from now on, or a fault in words. */
type FileVerdict =
  | { readonly record: FileRecord; readonly fault?: undefined }
  | { readonly fault: string; readonly record?: undefined };

/**
 * Compares a file with its record. A file with the recorded identity is not read; any other is
 * (about 1 s per GB), and gets its new identity if its bytes are the same.
 */
export async function checkFile(
  path: string,
  record: FileRecord,
  { made, digestOf = sha256File }: {
    /** How the store makes its files, for the message. */
    readonly made: "built" | "saved";
    readonly digestOf?: DigestOf | undefined;
  },
): Promise<FileVerdict> {
  const info = await Deno.stat(path).catch(() => undefined);
  if (info === undefined || !info.isFile) return { fault: "is missing" };
  if (info.size !== record.bytes) {
    return { fault: `has ${info.size} bytes, not the ${record.bytes} that were ${made}` };
  }
  const identity = identityOf(info);
  if (identity !== "" && identity === record.identity) return { record };
  if (!isSameDigest(await digestOf(path), record.sha256)) {
    return { fault: `is damaged: its SHA-256 is not that of the file that was ${made}` };
  }
  return { record: identity === record.identity ? record : { ...record, identity } };
}
