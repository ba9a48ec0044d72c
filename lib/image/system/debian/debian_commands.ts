import type { GuestCommands } from "../../../guest/guest_commands.ts";

const asRoot = (argv: readonly string[]): string[] => ["sudo", "-n", ...argv];

/** Mounts a disk; tables that mke2fs has left out are written when they are first used. */
const mount = (device: string) =>
  `mkdir -p "$1" && sudo -n mount -t ext4 -o noatime,noinit_itable ${device} "$1"`;

/** Commands for systems like Debian; `device` is the disk of the build cache. */
export const commandsWith = (device: string): GuestCommands => ({
  asRoot,
  powerOff: asRoot(["systemctl", "--no-block", "poweroff"]),
  startService: (name) => asRoot(["systemctl", "start", name]),
  mountDisk: (dir) => ["sh", "-c", mount(device), "sh", dir],
  unmount: (dir) => asRoot(["umount", dir]),
  certificates: "/etc/ssl/certs/ca-certificates.crt",
  home: (user) => `/home/${user}`,
});

/** Commands for Debian: its image has sudo without a password, and systemd. */
export const debianCommands: GuestCommands = commandsWith("/dev/vdb");

/** Has it forget packages that were downloaded. */
export const cleanPackages: readonly string[] = asRoot(["apt-get", "clean"]);
