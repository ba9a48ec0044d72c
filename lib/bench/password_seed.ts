import { file, packCpio } from "../image/format/cpio.ts";
import { sha512Crypt } from "./sha512_crypt.ts";

/** A server that takes passwords, and is otherwise the image's own as far as its speed goes. */
const SSHD_CONFIG = `HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin no
UsePAM no
UseDNS no
`;

/** A password that is not used twice. */
export function randomPassword(): string {
  return crypto.getRandomValues(new Uint8Array(18)).toBase64({ alphabet: "base64url" });
}

/**
 * Packs an archive that lets a user of one guest log in with a password. It goes behind the run's
 * seed, which makes the directories.
 */
export function packPasswordSeed(user: string, password: string): Uint8Array<ArrayBuffer> {
  const salt = randomPassword().replaceAll(/[-_]/g, ".").slice(0, 16);
  // sshd looks only for who logs in, and sudo for whom it acts for.
  const shadow = [
    "root:*:19000:0:99999:7:::",
    `${user}:${sha512Crypt(password, salt)}:19000:0:99999:7:::`,
  ].map((line) => `${line}\n`).join("");
  return packCpio([
    file("seed/etc/ssh/sshd_config", SSHD_CONFIG),
    file("seed/etc/shadow", shadow, 0o600),
  ]);
}
