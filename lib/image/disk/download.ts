import { dirname } from "@std/path";
import { syncPath } from "../../base/files/atomic_write.ts";
import { isSameDigest } from "../../base/files/digest.ts";
import { bytesText } from "../../base/text/bytes.ts";
import { WorkError } from "../../base/errors.ts";
import { publish } from "../../store/publish.ts";
import { resumedChunks, type ResumeOptions } from "./resumed_chunks.ts";

interface DownloadOptions
  extends Pick<ResumeOptions, "url" | "signal" | "onProgress" | "retryMs" | "stallMs" | "gone"> {
  /** The file that appears once its bytes are proven. */
  readonly path: string;
  /** SHA-256 of the whole file, in hexadecimal. */
  readonly sha256: string;
  /** How many bytes there are to come. */
  readonly bytes: number;
}

/** The beginning of a file that is on its way. */
const PART_SUFFIX = ".part";

/**
 * Downloads a file, resuming from `PATH.part`. It gets its name only with the right checksum; with
 * a wrong one it is removed.
 *
 * @throws {WorkError} what {@link resumedChunks} does, and for another checksum
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { path, sha256, bytes, signal } = options;
  const part = `${path}${PART_SUFFIX}`;
  await Deno.mkdir(dirname(path), { recursive: true });
  const hash = (await import("node:crypto")).createHash("sha256");
  for await (const chunk of resumedChunks({ ...options, part })) hash.update(chunk);
  signal.throwIfAborted();
  const found = hash.digest("hex");
  if (!isSameDigest(found, sha256)) {
    await Deno.remove(part);
    throw new WorkError(`Cannot use ${options.url}: checksum mismatch`, {
      details: [`wanted: ${sha256} (${bytesText(bytes)})`, `found:  ${found}`],
      next: "run the same command again; if that does not help, the server's file has changed",
    });
  }
  await syncPath(part);
  await publish([{ from: part, to: path }]);
}
