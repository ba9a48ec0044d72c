import { delay } from "@std/async";
import { dirname } from "@std/path";
import { isSameDigest } from "../../base/files/digest.ts";
import { recordFile } from "../../base/files/file_record.ts";
import { bytesText } from "../../base/text/bytes.ts";
import { WorkError } from "../../base/errors.ts";
import { fileBytes } from "../../base/files/directories.ts";
import { fullDiskError, isFullDisk } from "../../base/files/full_disk.ts";
import { publish } from "../../store/publish.ts";
import { writeAll } from "../../base/files/write_all.ts";
import { fetchChunks } from "./fetch_chunks.ts";

interface DownloadOptions {
  readonly url: string;
  /** The file that appears once its bytes are proven. */
  readonly path: string;
  /** SHA-256 of the whole file, in hexadecimal. */
  readonly sha256: string;
  /** How many bytes there are to come. */
  readonly bytes: number;
  readonly signal: AbortSignal;
  /** Called as bytes arrive, with how many there are by now, earlier runs' included. */
  readonly onProgress?: (bytes: number) => void;
  /** How long to wait before a broken connection is tried again. Default 1000, then twice that. */
  readonly retryMs?: number;
  /** How many milliseconds the server may be silent. Default 30 000. */
  readonly stallMs?: number;
}

/** How often a connection may break before the download is given up. */
const TRIES = 4;
/** The beginning of a file that is on its way. */
const PART_SUFFIX = ".part";

/**
 * Downloads a file, resuming from `PATH.part`. It gets its name only with the right checksum; with
 * a wrong one it is removed.
 *
 * @throws {WorkError} if the server refuses, is silent, sends too much, or keeps breaking off
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { path, sha256, bytes, signal } = options;
  const part = `${path}${PART_SUFFIX}`;
  await Deno.mkdir(dirname(path), { recursive: true });
  await fetchAll(options, part);
  signal.throwIfAborted();
  const { sha256: found } = await recordFile(part);
  if (!isSameDigest(found, sha256)) {
    await Deno.remove(part);
    throw new WorkError(`Cannot use ${options.url}: checksum mismatch`, {
      details: [`wanted: ${sha256} (${bytesText(bytes)})`, `found:  ${found}`],
      next: "run the same command again; if that does not help, the server's file has changed",
    });
  }
  await publish([{ from: part, to: path }]);
}

async function fetchAll(options: DownloadOptions, part: string): Promise<void> {
  const { bytes, signal, retryMs = 1000 } = options;
  for (let tries = 1;; tries++) {
    let reason: string;
    try {
      await fetchRest(options, part);
      const have = await fileBytes(part);
      if (have === bytes) return;
      reason = `the server closed the connection after ${bytesText(have)}`;
    } catch (error) {
      signal.throwIfAborted();
      if (isFullDisk(error)) {
        throw await fullDiskError(`download ${options.url}`, {
          said: error.message,
          paths: [part],
        });
      }
      if (error instanceof WorkError || !(error instanceof Error)) throw error;
      reason = error.message;
    }
    if (tries === TRIES) throw broken(options, reason, await fileBytes(part));
    await delay(retryMs * 2 ** (tries - 1), { signal });
  }
}

/** Asks for what is missing; a server that cannot send a part sends all. */
async function fetchRest(options: DownloadOptions, part: string) {
  const { url, bytes, signal, stallMs, onProgress } = options;
  let have = await fileBytes(part);
  // An older file of another size, of which this is no beginning.
  if (have > bytes) have = 0;
  if (have === bytes) return;
  const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
  const { response, chunks } = await fetchChunks(url, {
    ...{ headers, signal },
    ...(stallMs === undefined ? {} : { stallMs }),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw refused(url, response);
  }
  if (response.status !== 206) have = 0;
  using file = await Deno.open(part, { write: true, create: true });
  await file.truncate(have);
  await file.seek(have, Deno.SeekMode.Start);
  for await (const chunk of chunks) {
    if (have + chunk.length > bytes) {
      // No beginning of the wanted file, of which a later run could fetch the rest.
      await Deno.remove(part);
      throw tooLong(url, bytes);
    }
    await writeAll(file, chunk);
    have += chunk.length;
    onProgress?.(have);
  }
}

function refused(url: string, { status, statusText }: Response): WorkError {
  return new WorkError(`Cannot download ${url}: the server answers ${status} ${statusText}`, {
    next: status === 404
      ? "remove its entry from nix/pins.json, to take a new pin"
      : "run the same command again later",
  });
}

function tooLong(url: string, bytes: number): WorkError {
  return new WorkError(`Cannot use ${url}: it is longer than was recorded`, {
    details: [`wanted: ${bytesText(bytes)}, and the server sends more`],
    next: "run the same command again; if that does not help, the server's file has changed",
  });
}

function broken({ url, bytes }: DownloadOptions, reason: string, have: number): WorkError {
  return new WorkError(`Cannot download ${url}: the connection broke ${TRIES} times`, {
    details: [reason, `${bytesText(have)} of ${bytesText(bytes)} are here, and are kept`],
    next: "run the same command again: it resumes where this one stopped",
  });
}
