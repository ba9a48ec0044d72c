import { concat } from "@std/bytes";
import { WorkError } from "../../base/errors.ts";
import { type ImageSource, sourceName } from "../../config/image_source.ts";
import { findChecksum } from "./checksum_file.ts";
import { connectionFault, fetchChunks, type FetchOptions } from "./fetch_chunks.ts";
import { RefusedError } from "./resumed_chunks.ts";
import { verifySignature } from "./signature.ts";

/** Files of checksums, signatures and keys are far smaller, in bytes. */
const MOST_BYTES = 1 << 20;

/**
 * The checksum that a source's publisher has for its file now, over HTTPS and, where the publisher
 * signs it, with a good signature. Throws {@link WorkError}.
 */
export async function publisherChecksum(
  source: ImageSource,
  options: Pick<FetchOptions, "signal" | "stallMs" | "client">,
): Promise<string> {
  const { url, checksums } = source;
  const fetchSmall = async (url: string) => await fetchFile(url, options);
  const bytes = await fetchSmall(checksums.url);
  await verifySignature(bytes, source, fetchSmall);
  const name = sourceName(url);
  const found = findChecksum(new TextDecoder().decode(bytes), name, checksums.algorithm);
  if (found !== undefined) return found;
  throw new WorkError(`Cannot verify ${url}: its publisher lists no checksum for it`, {
    details: [`file: ${checksums.url}`, `wanted: one line for ${name}, ${checksums.algorithm}`],
    next:
      "look at that file; the image may have moved, and with it the URL of the platform's config",
  });
}

/** A small file, over HTTPS all the way. */
async function fetchFile(
  url: string,
  options: Pick<FetchOptions, "signal" | "stallMs" | "client">,
): Promise<Uint8Array<ArrayBuffer>> {
  const fail = (why: string) =>
    new RefusedError(`Cannot download ${url}: ${why}`, {
      next: "run the same command again later",
    });
  try {
    const { response, chunks } = await fetchChunks(url, options);
    if (!response.ok || !response.url.startsWith("https:")) {
      await response.body?.cancel();
      throw fail(
        response.ok
          ? `it leads to ${response.url}, which is not HTTPS`
          : `the server answers ${response.status} ${response.statusText}`,
      );
    }
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw fail(`it is longer than ${MOST_BYTES} bytes`);
      parts.push(chunk);
    }
    return concat(parts);
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof WorkError || !(error instanceof Error)) throw error;
    throw fail(connectionFault(error));
  }
}
