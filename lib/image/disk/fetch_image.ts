import { join } from "@std/path";
import { HostError, UsageError, WorkError } from "../../base/errors.ts";
import { removeAll } from "../../base/files/directories.ts";
import { acquireLock } from "../../base/files/lock.ts";
import { bytesText } from "../../base/text/bytes.ts";
import { type ImageSource, sourceName } from "../../config/image_source.ts";
import { keepFile, keptState } from "../../store/vouched.ts";
import { type DownloadHow, downloadsDir } from "./downloads.ts";
import type { FetchOptions } from "./fetch_chunks.ts";
import { type ImagePin, pinsPath, readImagePins, writeImagePin } from "./image_pins.ts";
import { publisherChecksum } from "./publisher_checksum.ts";
import { type Claim, receive } from "./receive.ts";
import { RefusedError, resumedChunks } from "./resumed_chunks.ts";

/** What is wanted of {@link fetchImage}. */
export interface FetchImageRequest extends Pick<FetchOptions, "signal" | "stallMs" | "client"> {
  /** The platform's name, under which the pin is recorded. */
  readonly name: string;
  readonly source: ImageSource;
  /** The most that the image may be, packed or not: the size of the disk that it is for. */
  readonly mostBytes: number;
  readonly how?: DownloadHow | undefined;
  readonly onPhase: (phase: string) => void;
  readonly log: (line: string) => void;
  /** Default: {@link pinsPath}. */
  readonly pins?: string;
  readonly retryMs?: number;
}

/** A verified disk image in the store. It is shared: a guest's disk is made of a copy. */
export interface FetchedImage {
  readonly path: string;
  readonly format: ImageSource["format"];
  readonly pin: ImagePin;
}

/** The beginning of a file that is on its way. */
const PART_SUFFIX = ".part";

/**
 * A publisher's disk image, unpacked and proven: from the store, or downloaded. At the first
 * contact the publisher's checksum is pinned; every later download must match the pin, until
 * `update` moves it. Safe to interrupt: what has arrived is kept, and is used only when proven.
 *
 * @throws {WorkError} for what the server or its file is at fault
 * @throws {UsageError} if there is no pin and the source is not on HTTPS
 * @throws {HostError} if it would have to be fetched with `offline`, or the disk is full
 */
export async function fetchImage(request: FetchImageRequest): Promise<FetchedImage> {
  const { name, source, signal, how = {}, onPhase, log, pins = pinsPath() } = request;
  const dir = downloadsDir(name);
  await Deno.mkdir(dir, { recursive: true });
  await using _lock = await acquireLock(join(dir, "lock"), { signal });
  const known = (await readImagePins(pins))[name];
  const pinned = known?.url === source.url ? known : undefined;
  if (pinned !== undefined && !how.update) {
    const path = keptPath(dir, source, pinned.digest);
    if (await keptState(path) === "whole") return { path, format: source.format, pin: pinned };
    // Damaged, or without a record.
    await removeAll(path);
  }
  const claim = await wantedClaim(request, pinned);
  const path = keptPath(dir, source, claim.digest);
  // An update may have found what is here already.
  if (pinned?.digest === claim.digest && await keptState(path) === "whole") {
    return { path, format: source.format, pin: pinned };
  }
  onPhase("download");
  const { unpacked, sha256, bytes } = await fromAnywhere(request, claim, path);
  await keepFile(unpacked, path, sha256);
  await removeAll(`${path}${PART_SUFFIX}`);
  if (pinned?.digest === claim.digest) return { path, format: source.format, pin: pinned };
  const pin = pinOf(source, claim, bytes);
  await writeImagePin(pins, name, pin);
  log(`Pinned ${sourceName(source.url)} in ${pins}: ${pin.digest}`);
  return { path, format: source.format, pin };
}

/** Where the unpacked file of that checksum is kept. */
const keptPath = (dir: string, { format }: ImageSource, digest: string): string =>
  join(dir, `${digest.slice(0, 16)}.${format}`);

/** What the file must be: as pinned, or as its publisher says now. */
async function wantedClaim(
  request: FetchImageRequest,
  pinned: ImagePin | undefined,
): Promise<Claim> {
  const { name, source, how = {}, onPhase } = request;
  const { checksums: { algorithm } } = source;
  if (pinned !== undefined && !how.update) return pinned;
  if (how.offline) {
    throw new HostError(`Cannot set up "${name}": ${source.url} was never downloaded here`, {
      details: ["without a pin its checksum must be fetched, and --offline was given"],
      next: `deno task setup-images ${name}`,
    });
  }
  const plain = [source.url, ...source.mirrors].find((url) => !url.startsWith("https:"));
  if (plain !== undefined) {
    throw new UsageError(`Cannot download ${plain}: it is not on HTTPS, and there is no pin`, {
      details: ["only what is pinned in configs/images.lock.json may come over plain HTTP"],
      next: `give the source of "${name}" in configs/platforms an https:// URL`,
    });
  }
  onPhase("checksum");
  return { algorithm, digest: await publisherChecksum(source, request) };
}

/** The file from the user, the publisher or the first mirror that has it. */
async function fromAnywhere(request: FetchImageRequest, claim: Claim, path: string) {
  const { name, source, how = {}, signal } = request;
  const own = { name, claim, path, source, signal, mostBytes: request.mostBytes };
  if (how.from !== undefined) {
    const from = how.from;
    const part = { path: from, isOwn: false };
    return await receive({ ...own, place: from, part, open: () => localChunks(from) });
  }
  if (how.offline) {
    throw new HostError(`Cannot set up "${name}": ${source.url} is not here`, {
      details: ["it must be downloaded, and --offline was given"],
      next: `deno task setup-images ${name}, or with --from FILE`,
    });
  }
  const part = `${path}${PART_SUFFIX}`;
  const failures: RefusedError[] = [];
  for (const url of [source.url, ...source.mirrors]) {
    try {
      return await receive({
        ...{ ...own, place: url, part: { path: part, isOwn: true } },
        open: () =>
          resumedChunks({
            ...request,
            ...{ url, part, bytes: claim.bytes, signal },
            gone: `deno task setup-images ${name} --update, if the publisher has moved it`,
            onProgress: showProgress(request.log),
          }),
      });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      failures.push(error);
      request.log(error.message);
    }
  }
  const [first, ...others] = failures;
  throw new WorkError(first!.message, {
    details: [
      ...first!.details,
      ...others.flatMap(({ message, details }) => [message, ...details]),
    ],
    next: first!.next,
    cause: first,
  });
}

async function* localChunks(path: string): AsyncGenerator<Uint8Array> {
  try {
    using file = await Deno.open(path);
    yield* file.readable;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UsageError(`Cannot read ${path}: there is no such file`, {
      next: "pass the path of the file after --from",
      cause,
    });
  }
}

/** How often to report progress: after this much more of the file. */
const TELL_EVERY = 0.05;

function showProgress(log: (line: string) => void) {
  let told = 0;
  return (bytes: number, of: number | undefined) => {
    if (of === undefined || bytes < of && bytes - told < of * TELL_EVERY) return;
    told = bytes;
    log(`${Math.floor(bytes / of * 100)}% of ${bytesText(of)}`);
  };
}

/** The pin of what was proven now. */
function pinOf(source: ImageSource, { algorithm, digest }: Claim, bytes: number): ImagePin {
  const { signature } = source.checksums;
  return {
    ...{ url: source.url, bytes, algorithm, digest },
    ...signature === undefined ? {} : { signedBy: signature.fingerprint },
    taken: new Date().toISOString(),
  };
}
