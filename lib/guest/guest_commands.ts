/** What a guest's system is told, as programs with their arguments for a login of the guest's user. */
export interface GuestCommands {
  /** Runs a program with all rights, and fails where that would take a password. */
  asRoot(argv: readonly string[]): string[];
  /** Has the system shut down, and ends before it does. */
  readonly powerOff: readonly string[];
  /** Starts a service that was brought along, and waits until it runs. */
  startService(name: string): readonly string[];
  /** Mounts the second disk, an ext4 file system, at a directory that need not be there yet. */
  mountDisk(dir: string): readonly string[];
  unmount(dir: string): readonly string[];
  /** The home directory of a user. */
  home(user: string): string;
}
