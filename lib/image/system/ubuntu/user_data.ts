import type { Seed } from "../guest_system.ts";

/**
 * What cloud-init is told to do, as its `user-data`: YAML, of which JSON is a part. The user gets
 * the checkout's key, and the system the checkout's host key, so that the login is a trusted one;
 * `provision/ubuntu.sh` removes both from the image.
 */
export function userData(
  { hostKey, authorizedKeys, user }: Seed,
  packages: readonly string[],
): string {
  const settings = {
    users: [{
      name: user,
      uid: 1000,
      // Every command runs in it, which bash would make slower.
      shell: "/bin/sh",
      sudo: "ALL=(ALL:ALL) NOPASSWD: ALL",
      lock_passwd: true,
      ssh_authorized_keys: authorizedKeys.split("\n").filter(Boolean),
    }],
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.secret, ed25519_public: hostKey.public },
    // Programs get C.UTF-8 by SSH; another one would be generated.
    locale: false,
    ...packages.length > 0 ? { package_update: true, packages } : {},
  };
  return `#cloud-config\n${JSON.stringify(settings, null, 2)}\n`;
}

/** What cloud-init takes for the identity of the machine, as its `meta-data`. */
export const metaData = ({ hostname }: Pick<Seed, "hostname">): string =>
  `${JSON.stringify({ "instance-id": `guesthouse-${hostname}`, "local-hostname": hostname })}\n`;
