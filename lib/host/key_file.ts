import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { timingSafeEqual } from "@std/crypto";

const ARMOR =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END OPENSSH PRIVATE KEY-----\n$/;

/** A string of SSH (RFC 4251, section 5): its length in four bytes, and the bytes. */
function sshString(bytes: string | Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, Buffer.from(bytes)]);
}

/** How every unencrypted file of one key begins (OpenSSH's PROTOCOL.key). */
const HEAD = Buffer.concat([
  Buffer.from("openssh-key-v1\0"),
  ...["none", "none", ""].map(sshString),
  Buffer.from([0, 0, 0, 1]),
]);
const PUBLIC_BYTES = 51;
/** What stands before the seed in PKCS #8 (RFC 8410, section 7). */
const PKCS8 = Uint8Array.fromHex("302e020100300506032b657004220420");

/**
 * The public key (`ssh-ed25519 AAAA...`) in the text of an unencrypted ed25519 private key as
 * ssh-keygen writes it; `undefined` if the text is cut off, damaged, or something else. The file is
 * made again from its seed and compared.
 */
export function publicKeyOf(text: string): string | undefined {
  const armored = ARMOR.exec(text)?.[1];
  if (armored === undefined) return undefined;
  const bytes = Buffer.from(armored, "base64");
  // The head, the public key and the private part are strings, and so is what is in them.
  const secretAt = HEAD.length + 4 + PUBLIC_BYTES + 4;
  const pairAt = secretAt + 8 + PUBLIC_BYTES + 4;
  const [check, seed] = [
    bytes.subarray(secretAt, secretAt + 4),
    bytes.subarray(pairAt, pairAt + 32),
  ];
  if (bytes.length < pairAt + 68) return undefined;
  const point = pointOf(seed);
  const publicKey = Buffer.concat([sshString("ssh-ed25519"), sshString(point)]);
  const pair = sshString(Buffer.concat([seed, point]));
  const commentAt = pairAt - 4 + pair.length;
  const comment = sshString(
    bytes.subarray(commentAt + 4, commentAt + 4 + bytes.readUInt32BE(commentAt)),
  );
  const secret = Buffer.concat([check, check, publicKey, pair, comment]);
  // Padded to whole blocks of 8 bytes with 1, 2, 3...
  const padding = Buffer.from(Array.from({ length: -secret.length & 7 }, (_, index) => index + 1));
  const whole = [HEAD, sshString(publicKey), sshString(Buffer.concat([secret, padding]))];
  if (!timingSafeEqual(Buffer.concat(whole), bytes)) return undefined;
  return `ssh-ed25519 ${publicKey.toString("base64")}`;
}

function pointOf(seed: Uint8Array): Buffer {
  const key = Buffer.concat([PKCS8, seed]);
  const secret = createPrivateKey({ key, format: "der", type: "pkcs8" });
  // SPKI ends with it (RFC 8410, section 4).
  return createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32);
}
