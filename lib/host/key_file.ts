import { concat } from "@std/bytes";
import { timingSafeEqual } from "@std/crypto";

const ARMOR =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END OPENSSH PRIVATE KEY-----\n$/;

/** A string of SSH (RFC 4251, section 5): its length in four bytes, and the bytes. */
function sshString(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, bytes.length);
  return concat([head, bytes]);
}

/** How every unencrypted file of one key begins (OpenSSH's PROTOCOL.key). */
const HEAD = concat([
  new TextEncoder().encode("openssh-key-v1\0"),
  ...["none", "none", ""].map(sshString),
  Uint8Array.of(0, 0, 0, 1),
]);
const PUBLIC_BYTES = 51;
/** What stands before the seed in PKCS #8 (RFC 8410, section 7). */
const PKCS8 = Uint8Array.fromHex("302e020100300506032b657004220420");

/**
 * The public key (`ssh-ed25519 AAAA...`) in the text of an unencrypted ed25519 private key as
 * ssh-keygen writes it; `undefined` if the text is cut off, damaged, or something else. The file is
 * made again from its seed and compared.
 */
export async function publicKeyOf(text: string): Promise<string | undefined> {
  const armored = ARMOR.exec(text)?.[1];
  if (armored === undefined) return undefined;
  const bytes = bytesOfBase64(armored);
  if (bytes === undefined) return undefined;
  // The head, the public key and the private part are strings, and so is what is in them.
  const secretAt = HEAD.length + 4 + PUBLIC_BYTES + 4;
  const pairAt = secretAt + 8 + PUBLIC_BYTES + 4;
  const [check, seed] = [
    bytes.subarray(secretAt, secretAt + 4),
    bytes.subarray(pairAt, pairAt + 32),
  ];
  if (bytes.length < pairAt + 68) return undefined;
  const point = await pointOf(seed);
  const publicKey = concat([sshString("ssh-ed25519"), sshString(point)]);
  const pair = sshString(concat([seed, point]));
  const commentAt = pairAt - 4 + pair.length;
  const commentBytes = new DataView(bytes.buffer).getUint32(commentAt);
  const comment = sshString(bytes.subarray(commentAt + 4, commentAt + 4 + commentBytes));
  const secret = concat([check, check, publicKey, pair, comment]);
  // Padded to whole blocks of 8 bytes with 1, 2, 3...
  const padding = Uint8Array.from({ length: -secret.length & 7 }, (_, index) => index + 1);
  const whole = [HEAD, sshString(publicKey), sshString(concat([secret, padding]))];
  if (!timingSafeEqual(concat(whole), bytes)) return undefined;
  return `ssh-ed25519 ${publicKey.toBase64()}`;
}

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}

/** By Web Crypto: the module of Node takes 50 ms to load, which every start of a guest would pay. */
async function pointOf(seed: Uint8Array): Promise<Uint8Array> {
  const der = concat([PKCS8, seed]);
  const key = await crypto.subtle.importKey("pkcs8", der, "Ed25519", true, ["sign"]);
  const { x = "" } = await crypto.subtle.exportKey("jwk", key);
  return Uint8Array.fromBase64(x, { alphabet: "base64url" });
}
