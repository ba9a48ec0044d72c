/**
 * Commands for a guest's system, as programs with their arguments for a login of the guest's user.
 */
export interface GuestCommands {
  /** Runs a program as root, and fails if that would need a password. */
  asRoot(argv: readonly string[]): string[];
  /** Has the system shut down, and ends before it does. */
  readonly powerOff: readonly string[];
  /** Starts a service that was sent to the guest, and waits until it runs. */
  startService(name: string): readonly string[];
  /** Mounts the disk with a serial, which holds ext4, at a directory that may not exist yet. */
  mountDisk(serial: string, dir: string): readonly string[];
  unmount(dir: string): readonly string[];
  /** The file of all certificates that the system trusts. */
  readonly certificates: string;
  /** The home directory of a user. */
  home(user: string): string;
}
