import { TaskError, WorkError } from "../../base/errors.ts";
import { isSameDigest } from "../../base/files/digest.ts";
import { fullDiskError, isFullDisk } from "../../base/files/full_disk.ts";
import { removeAll } from "../../base/files/directories.ts";
import { bytesText } from "../../base/text/bytes.ts";
import { type ImageSource, packingOf } from "../../config/image_source.ts";
import { writeSparse } from "../unpack.ts";
import type { ChecksumAlgorithm } from "./checksum_file.ts";
import { checkDiskHeader } from "./disk_header.ts";
import { unpackChunks } from "./unpack_chunks.ts";

/** What a file must be. */
export interface Claim {
  readonly algorithm: ChecksumAlgorithm;
  readonly digest: string;
  /** Its size; unknown at the first contact. */
  readonly bytes?: number;
}

interface ReceiveRequest {
  readonly name: string;
  readonly claim: Claim;
  readonly source: ImageSource;
  /** Where it comes from, for messages. */
  readonly place: string;
  /** All of its bytes, from the beginning each time it is called. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** The file that those are kept in; a user's own one is left as it is. */
  readonly part: { readonly path: string; readonly isOwn: boolean };
  /** How the names of files begin that are on their way. */
  readonly path: string;
  readonly mostBytes: number;
  readonly signal: AbortSignal;
}

interface Received {
  /** The proven image, and its SHA-256. */
  readonly unpacked: string;
  readonly sha256: string;
  /** Size of the file as it was received. */
  readonly bytes: number;
}

/**
 * Takes a file in, in one pass: its bytes are hashed and unpacked while they arrive. Nothing that
 * is not proven gets a name that anybody uses; a file with another checksum is set aside.
 */
export async function receive(request: ReceiveRequest): Promise<Received> {
  const { claim, source, part, path, mostBytes, signal } = request;
  const hashing = await startHashing(request);
  const isPlain = packingOf(source.url) === "none" && part.isOwn;
  const unpacked = isPlain ? part.path : `${path}.unpacking`;
  let damage: Error | undefined;
  let sha256: string | undefined;
  try {
    if (isPlain) await hashing.drain();
    else {
      const chunks = unpackChunks(hashing.chunks(), packingOf(source.url));
      sha256 = await writeSparse(chunks, unpacked, (bytes) => {
        signal.throwIfAborted();
        if (bytes > mostBytes) throw tooLarge(request);
      });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isPlain) await removeAll(unpacked);
    if (isFullDisk(error)) {
      const said = error.message;
      throw await fullDiskError(`unpack ${request.place}`, { said, paths: [unpacked] });
    }
    if (!(error instanceof Error) || error instanceof TaskError && !(error instanceof BombError)) {
      throw error;
    }
    damage = error;
  }
  signal.throwIfAborted();
  // What comes after an archive's end, or after its first damaged block, counts as well.
  if (!hashing.isWhole()) await hashing.drain();
  const { digest, contents, bytes } = hashing.result();
  if (!isSameDigest(digest, claim.digest)) {
    if (!isPlain) await removeAll(unpacked);
    throw await setAside(request, digest);
  }
  if (damage instanceof BombError) throw damage;
  if (damage !== undefined) throw damaged(request, damage);
  try {
    await checkDiskHeader(unpacked, source, mostBytes);
  } catch (error) {
    if (!isPlain) await removeAll(unpacked);
    throw error;
  }
  return { unpacked, sha256: sha256 ?? contents, bytes };
}

/** Hashes a file as it is read: by the publisher's algorithm, and for the store. */
async function startHashing({ claim, open, signal }: ReceiveRequest) {
  const { createHash } = await import("node:crypto");
  const start = () => ({
    ...{ own: createHash(claim.algorithm), store: createHash("sha256"), bytes: 0, isWhole: false },
  });
  let now = start();
  async function* chunks() {
    const mine = now = start();
    for await (const chunk of open()) {
      mine.own.update(chunk);
      if (claim.algorithm !== "sha256") mine.store.update(chunk);
      mine.bytes += chunk.length;
      yield chunk;
      signal.throwIfAborted();
    }
    mine.isWhole = true;
  }
  return {
    chunks,
    isWhole: () => now.isWhole,
    async drain() {
      for await (const _ of chunks());
    },
    result() {
      const digest = now.own.digest("hex");
      const contents = claim.algorithm === "sha256" ? digest : now.store.digest("hex");
      return { digest, contents, bytes: now.bytes };
    },
  };
}

class BombError extends WorkError {}

function tooLarge({ place, mostBytes, name }: ReceiveRequest): BombError {
  return new BombError(`Cannot use ${place}: it unpacks to more than ${bytesText(mostBytes)}`, {
    details: ["that is the size of the guest's disk; the rest was not unpacked"],
    next: `look at the file, or enlarge diskGiB of "${name}" in configs/platforms`,
  });
}

/** The file is what its publisher has, and yet cannot be unpacked. */
function damaged({ place }: ReceiveRequest, cause: Error): WorkError {
  return new WorkError(`Cannot unpack ${place}: its data is damaged or cut off`, {
    details: [cause.message, "its checksum is right: its publisher's file is damaged"],
    next: "run the task again with --update once the publisher has replaced it",
    cause,
  });
}

/** Gives a file of the publisher's with a wrong checksum a name that nothing uses. */
async function setAside(
  { name, claim, part, place, path }: ReceiveRequest,
  found: string,
): Promise<WorkError> {
  const aside = `${path}.quarantined`;
  if (part.isOwn) await Deno.rename(part.path, aside);
  const { algorithm, digest, bytes } = claim;
  return new WorkError(`Cannot use ${place}: checksum mismatch`, {
    details: [
      `wanted: ${algorithm} ${digest} (${bytes === undefined ? "its publisher's" : "pinned"})`,
      `found:  ${algorithm} ${found}`,
      ...part.isOwn ? [`set aside, and not used: ${aside}`] : [],
    ],
    next: bytes === undefined
      ? "run the same command again; if that does not help, tell the publisher"
      : `deno task setup-images ${name} --update, if the publisher has a new file`,
  });
}
