import { delay } from "@std/async";
import { bytesText } from "../../base/text/bytes.ts";
import { WorkError } from "../../base/errors.ts";
import { fileBytes } from "../../base/files/directories.ts";
import { fullDiskError, isFullDisk } from "../../base/files/full_disk.ts";
import { writeAll } from "../../base/files/write_all.ts";
import { connectionFault, fetchChunks, type FetchOptions } from "./fetch_chunks.ts";

/** What is to be fetched, and where its beginning is kept. */
export interface ResumeOptions extends Pick<FetchOptions, "signal" | "stallMs" | "client"> {
  readonly url: string;
  /** The file with what has arrived: a later run resumes from it. */
  readonly part: string;
  /** How many bytes there are to come; without it, as many as the server says. */
  readonly bytes?: number | undefined;
  /** More than this is refused. Default: `bytes`. */
  readonly mostBytes?: number;
  /** What to do about a file that the server does not have. */
  readonly gone: string;
  /** Called as bytes arrive, with how many there are by now, earlier runs' included. */
  readonly onProgress?: (bytes: number, of: number | undefined) => void;
  /** How long to wait before a broken connection is tried again. Default 1000, then twice that. */
  readonly retryMs?: number;
}

/** A download that this server will not give; another one may. */
export class RefusedError extends WorkError {}

/** How often a connection may break before the download is given up. */
const TRIES = 4;
/** Answers that say "not now": the request may be made again. */
const BUSY = [408, 425, 429, 500, 502, 503, 504];
/** How much is read from the disk at a time. */
const BLOCK_BYTES = 256 * 1024;

/** How far a download is, across its connections. */
interface Progress {
  have: number;
  of: number | undefined;
  /** The server's name for the version of the file that was begun. */
  version: string | undefined;
}

/**
 * All bytes of a file, in order and once: what an earlier run left in `part`, then what the server
 * sends, which is added to `part`. A broken connection is resumed, and tried again later and later.
 *
 * @throws {WorkError} if the server refuses, is silent, sends too much, keeps breaking off, or has
 * another file than at the beginning; `part` is removed where no later run could use it
 */
export async function* resumedChunks(options: ResumeOptions): AsyncGenerator<Uint8Array> {
  const { part, bytes, signal, retryMs = 1000 } = options;
  const now: Progress = { have: await fileBytes(part), of: bytes, version: undefined };
  if (now.have > mostBytes(options)) {
    // An older file of another size, of which this is no beginning.
    await Deno.remove(part);
    now.have = 0;
  }
  yield* readStart(part, now.have, signal);
  for (let tries = 1;; tries++) {
    if (now.have === now.of) return;
    let reason: string;
    try {
      yield* fetchRest(options, now);
      if (now.of === undefined || now.have === now.of) return;
      reason = `the server closed the connection after ${bytesText(now.have)}`;
    } catch (error) {
      signal.throwIfAborted();
      if (isFullDisk(error)) {
        const said = error.message;
        throw await fullDiskError(`download ${options.url}`, { said, paths: [part] });
      }
      if (error instanceof WorkError || !(error instanceof Error)) throw error;
      reason = connectionFault(error);
    }
    if (tries === TRIES) throw broken(options, reason, now);
    await delay(retryMs * 2 ** (tries - 1), { signal });
  }
}

const mostBytes = ({ bytes, mostBytes = bytes }: ResumeOptions): number => mostBytes ?? Infinity;

async function* readStart(path: string, bytes: number, signal: AbortSignal) {
  if (bytes === 0) return;
  using file = await Deno.open(path);
  for (let left = bytes; left > 0;) {
    signal.throwIfAborted();
    const block = new Uint8Array(Math.min(BLOCK_BYTES, left));
    const count = await file.read(block);
    if (count === null) throw new WorkError(`Cannot read ${path}: it has become shorter`);
    left -= count;
    yield block.subarray(0, count);
  }
}

/** Asks for what is missing; of a server that sends all, the beginning is skipped. */
async function* fetchRest(options: ResumeOptions, now: Progress): AsyncGenerator<Uint8Array> {
  const { url, part, signal, stallMs, client, onProgress } = options;
  const from = now.have;
  const { response, chunks } = await fetchChunks(url, {
    headers: {
      // Otherwise the bytes of an archive might arrive unpacked.
      "accept-encoding": "identity",
      ...from > 0 ? { range: `bytes=${from}-` } : {},
    },
    ...{ signal, client },
    ...(stallMs === undefined ? {} : { stallMs }),
  });
  const { start, total } = rangeOf(response, from);
  if (response.status === 416 && total === from) {
    await response.body?.cancel();
    now.of = total;
    return;
  }
  if (!response.ok) {
    await response.body?.cancel();
    const { status, statusText } = response;
    if (BUSY.includes(status)) throw new Error(`the server answers ${status} ${statusText}`);
    if (status !== 416) throw refused(options, response);
  }
  const version = response.headers.get("etag") ?? response.headers.get("last-modified") ?? "";
  const isOther = now.version !== undefined && version !== now.version ||
    now.of !== undefined && total !== undefined && total !== now.of && options.bytes === undefined;
  if (isOther || response.status === 416 || start > from) {
    await response.body?.cancel();
    await Deno.remove(part).catch(() => {});
    throw changed(url);
  }
  now.version = version;
  if (options.bytes === undefined) now.of = total ?? now.of;
  using file = await Deno.open(part, { write: true, create: true });
  await file.truncate(from);
  await file.seek(from, Deno.SeekMode.Start);
  let at = start;
  for await (const chunk of chunks) {
    const fresh = chunk.subarray(Math.max(0, Math.min(chunk.length, now.have - at)));
    at += chunk.length;
    if (now.have + fresh.length > Math.min(mostBytes(options), now.of ?? Infinity)) {
      // No beginning of the wanted file, of which a later run could fetch the rest.
      await Deno.remove(part);
      throw tooLong(url, options);
    }
    if (fresh.length === 0) continue;
    await writeAll(file, fresh);
    now.have += fresh.length;
    onProgress?.(now.have, now.of);
    yield fresh;
  }
}

/** Where an answer's bytes begin in the file, `from` where asked for, and the file's size. */
function rangeOf(
  { status, headers }: Response,
  from: number,
): { start: number; total: number | undefined } {
  const [, start, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/
    .exec(headers.get("content-range") ?? "") ?? [];
  const length = status === 200 ? headers.get("content-length") ?? undefined : total;
  return {
    start: status === 206 ? Number(start ?? from) : 0,
    total: length === undefined || !/^\d+$/.test(length) ? undefined : Number(length),
  };
}

function refused({ url, gone }: ResumeOptions, { status, statusText }: Response): RefusedError {
  return new RefusedError(`Cannot download ${url}: the server answers ${status} ${statusText}`, {
    next: status === 404 ? gone : "run the same command again later",
  });
}

function changed(url: string): WorkError {
  return new WorkError(`Cannot download ${url}: the server's file has changed meanwhile`, {
    next: "run the same command again: it starts over",
  });
}

function tooLong(url: string, options: ResumeOptions): WorkError {
  const { bytes } = options;
  return new WorkError(
    `Cannot use ${url}: it is longer than ${bytes === undefined ? "allowed" : "was recorded"}`,
    {
      details: [`wanted: ${bytesText(mostBytes(options))}, and the server sends more`],
      next: "run the same command again; if that does not help, the server's file has changed",
    },
  );
}

function broken({ url }: ResumeOptions, reason: string, { have, of }: Progress): WorkError {
  const whole = of === undefined ? "" : ` of ${bytesText(of)}`;
  return new RefusedError(`Cannot download ${url}: the connection broke ${TRIES} times`, {
    details: [reason, `${bytesText(have)}${whole} are here, and are kept`],
    next: "run the same command again: it resumes where this one stopped",
  });
}
