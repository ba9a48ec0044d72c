import type { GuestCommands } from "../../../guest/guest_commands.ts";

const asRoot = (argv: readonly string[]): string[] => ["sudo", "-n", ...argv];

/** Neither system can be relied on to write to ext4, as which the host makes the cache's disk. */
const NO_CACHE = 'echo "Cannot mount $1: this system has no ext4 for the build cache" >&2; exit 1';

/** Commands for FreeBSD and NetBSD: their images get sudo without a password. */
export const bsdCommands = (
  { certificates }: Pick<GuestCommands, "certificates">,
): GuestCommands => ({
  asRoot,
  powerOff: asRoot(["shutdown", "-p", "now"]),
  startService: (name) => asRoot(["service", name, "onestart"]),
  mountDisk: (_serial, dir) => ["sh", "-c", NO_CACHE, "sh", dir],
  unmount: (dir) => asRoot(["umount", dir]),
  certificates,
  home: (user) => `/home/${user}`,
});
