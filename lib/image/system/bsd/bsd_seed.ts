import { file } from "../../format/cpio.ts";
import { packTar } from "../../format/tar.ts";
import { SUDOERS } from "../debian/debian_seeds.ts";
import type { Seed } from "../guest_system.ts";

/**
 * What a run brings into a BSD, as a tar that `guesthouse_seed` of `provision/bsd.sh` unpacks.
 * `sudoersDir` is where its sudo looks, relative to the root. No image holds a key.
 */
export function bsdSeed(seed: Seed, sudoersDir: string): Uint8Array<ArrayBuffer> {
  const { hostKey, certificates } = seed;
  return packTar([
    file("etc/ssh/ssh_host_ed25519_key", hostKey.secret, 0o600),
    file("etc/ssh/ssh_host_ed25519_key.pub", hostKey.public),
    // sshd reads it as the user, whose number the host does not know.
    file(`etc/ssh/authorized_keys.d/${seed.user}`, seed.authorizedKeys),
    file("etc/guesthouse-hostname", `${seed.hostname}\n`),
    file(`${sudoersDir}/guesthouse-proxy`, SUDOERS, 0o440),
    ...certificates === "" ? [] : [file("etc/guesthouse-certificates.pem", certificates)],
  ]);
}
