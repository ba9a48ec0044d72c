import { z } from "zod";
import { DIGEST_PATTERN } from "../../../base/files/digest.ts";
import type { FarmJob } from "../../../config/nixos_sources.ts";
import { parseJson } from "../../../base/files/read_json.ts";
import { WorkError } from "../../../base/errors.ts";
import { type ChunkedAnswer, fetchChunks, readText } from "../../../image/disk/fetch_chunks.ts";

/** A file that a farm has built. */
export interface FarmFile {
  /** The address of this build: that of the newest one would give other bytes next week. */
  readonly url: string;
  /** SHA-256 in hexadecimal, as the farm states it. */
  readonly sha256: string;
  readonly bytes: number;
}

/** The fields of a build that are used (Hydra's API: `GET /build/ID`). */
const buildSchema = z.object({
  id: z.number(),
  buildproducts: z.record(
    z.string(),
    z.object({
      name: z.string().nullish(),
      subtype: z.string().nullish(),
      filesize: z.number().nullish(),
      sha256hash: z.string().nullish(),
    }),
  ).nullish(),
});

type HydraBuild = z.output<typeof buildSchema>;

/** The farm's newest successful build of a job, with its product. Throws {@link WorkError}. */
export async function newestFile(
  farm: string,
  { job, product }: FarmJob,
  signal: AbortSignal,
): Promise<FarmFile> {
  const build = await fetchBuild(`${farm}/job/${job}/latest`, signal);
  const products = Object.entries(build.buildproducts ?? {});
  const found = products.find(([, { name, subtype }]) => name === product || subtype === product);
  if (found === undefined) {
    throw new WorkError(`Cannot use build ${build.id} of ${job}: it has no product "${product}"`, {
      details: products.map(([, { name }]) => `it has ${name}`),
      next: "correct the job in configs/nixos.ts",
    });
  }
  const [number, { name, sha256hash, filesize }] = found;
  if (!DIGEST_PATTERN.test(sha256hash ?? "") || !Number.isSafeInteger(filesize)) {
    throw new WorkError(`Cannot use build ${build.id} of ${job}: the farm states no checksum`, {
      next: "run the same command again later",
    });
  }
  return {
    url: `${farm}/build/${build.id}/download/${number}/${encodeURIComponent(name ?? "")}`,
    sha256: sha256hash!,
    bytes: filesize!,
  };
}

/** The description of a build takes some KiB. */
const MOST_BYTES = 4 * 2 ** 20;

async function fetchBuild(url: string, signal: AbortSignal): Promise<HydraBuild> {
  let answer: ChunkedAnswer;
  try {
    answer = await fetchChunks(url, { headers: { accept: "application/json" }, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new WorkError(`Cannot ask ${url} for the newest build: there is no connection`, {
      details: [error instanceof Error ? error.message : String(error)],
      next: "run the same command again with a connection to the internet",
      cause: error,
    });
  }
  const { response } = answer;
  const text = await readText(answer, MOST_BYTES);
  if (!response.ok) {
    throw new WorkError(`Cannot ask ${url} for the newest build: it answers ${response.status}`, {
      next: response.status === 404
        ? "correct the job in configs/nixos.ts"
        : "run the same command again later",
    });
  }
  const build = parseJson(text, buildSchema);
  if (build !== undefined) return build;
  throw new WorkError(`Cannot read the answer of ${url}: it describes no build`, {
    details: [text.slice(0, 200)],
    next: "correct the farm in configs/nixos.ts",
  });
}
