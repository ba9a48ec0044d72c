import type { GuestCommands } from "../../../guest/guest_commands.ts";

const asRoot = (argv: readonly string[]): string[] => ["sudo", "-n", ...argv];

/**
 * Mounts the disk with a serial; tables that mke2fs has left out are written when they are first
 * used. What sysfs has of a serial does not end with a line.
 */
const MOUNT = `mkdir -p "$2" && for file in /sys/block/vd*/serial; do
  read -r serial <"$file" || :
  [ "$serial" = "$1" ] || continue
  disk=\${file%/serial}
  exec sudo -n mount -t ext4 -o noatime,noinit_itable "/dev/\${disk##*/}" "$2"
done
echo "there is no disk $1" >&2
exit 1`;

/** Commands for Debian and its like: their images have sudo without a password, and systemd. */
export const debianCommands: GuestCommands = {
  asRoot,
  powerOff: asRoot(["systemctl", "--no-block", "poweroff"]),
  startService: (name) => asRoot(["systemctl", "start", name]),
  mountDisk: (serial, dir) => ["sh", "-c", MOUNT, "sh", serial, dir],
  unmount: (dir) => asRoot(["umount", dir]),
  certificates: "/etc/ssl/certs/ca-certificates.crt",
  home: (user) => `/home/${user}`,
};

/** Has it forget packages that were downloaded. */
export const cleanPackages: readonly string[] = asRoot(["apt-get", "clean"]);
