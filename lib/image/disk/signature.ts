import { dirname, join } from "@std/path";
import type { ImageSource } from "../../config/image_source.ts";
import { WorkError } from "../../base/errors.ts";
import { root } from "../../base/files/paths.ts";
import { readTextIfPresent } from "../../base/files/read_text.ts";
import { atomicWrite } from "../../base/files/atomic_write.ts";

type SignatureSource = NonNullable<ImageSource["checksums"]["signature"]>;

/** How a small file is fetched. */
export type FetchSmall = (url: string) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * Makes sure that a detached OpenPGP signature of a file of checksums is the publisher's. The
 * publisher's key is read from the checkout, or fetched once and kept there; either way it must
 * have the fingerprint that the source names. Throws {@link WorkError}.
 */
export async function verifySignature(
  text: Uint8Array<ArrayBuffer>,
  { checksums: { url, signature } }: Pick<ImageSource, "checksums">,
  fetchSmall: FetchSmall,
): Promise<void> {
  if (signature === undefined) return;
  const { createMessage, readSignature, verify } = await import("openpgp");
  const verificationKeys = await publisherKey(signature, fetchSmall);
  const signatureBytes = await fetchSmall(signature.url);
  try {
    const armored = new TextDecoder().decode(signatureBytes);
    const { signatures } = await verify({
      message: await createMessage({ binary: text }),
      signature: armored.startsWith("-----BEGIN")
        ? await readSignature({ armoredSignature: armored })
        : await readSignature({ binarySignature: signatureBytes }),
      verificationKeys,
      expectSigned: true,
    });
    await signatures[0]?.verified;
  } catch (cause) {
    throw new WorkError(`Cannot trust ${url}: its signature is not the publisher's`, {
      details: [
        `signature: ${signature.url}`,
        `wanted key: ${signature.fingerprint}`,
        cause instanceof Error ? cause.message : String(cause),
      ],
      next: "run the same command again later, from another network if it stays so",
      cause,
    });
  }
}

async function publisherKey({ fingerprint, key, keyUrl }: SignatureSource, fetchSmall: FetchSmall) {
  const { readKey } = await import("openpgp");
  const path = join(root, key);
  const kept = await readTextIfPresent(path);
  const armoredKey = kept ?? new TextDecoder().decode(await fetchSmall(keyUrl));
  const read = await readKey({ armoredKey }).catch((cause) => {
    throw wrongKey(kept === undefined ? keyUrl : path, fingerprint, `${cause.message ?? cause}`);
  });
  const found = read.getFingerprint().toUpperCase();
  if (found !== fingerprint) {
    throw wrongKey(kept === undefined ? keyUrl : path, fingerprint, `found key:  ${found}`);
  }
  if (kept === undefined) {
    await Deno.mkdir(dirname(path), { recursive: true });
    await atomicWrite(path, read.toPublic().armor());
  }
  return read;
}

function wrongKey(place: string, fingerprint: string, what: string): WorkError {
  return new WorkError(`Cannot use the key of ${place}: it is not the publisher's`, {
    details: [`wanted key: ${fingerprint}`, what],
    next: "git status configs/keys; a key that is not there is fetched again",
  });
}
