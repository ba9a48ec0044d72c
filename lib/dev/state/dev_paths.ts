import { join } from "@std/path";
import { locksDir, socketDir, stateDir } from "../../base/files/paths.ts";

/** The directory of all dev guests. */
export const devGuestsDir = (): string => join(stateDir(), "dev");

/** The directory of one dev guest: its disk and its records. */
export const devDir = (name: string): string => join(devGuestsDir(), name);

/** File names inside {@link devDir}. */
export const DEV_FILES = {
  /** The guest's own disk, a qcow2 file without a backing file. */
  disk: "disk.qcow2",
  /** What boots it, if the flavour has no boot loader on the disk. */
  kernel: "vmlinuz",
  initramfs: "initramfs",
  /** The initramfs followed by this start's keys and settings. */
  seeded: "initramfs.seeded",
  /** Records that the guest is complete, and what it was made from. Written last, removed first. */
  guest: "guest.json",
  /** The record of the guest while it runs. */
  record: "run.json",
  knownHosts: "known_hosts",
  /** Where init creates a guest. */
  staging: "staging",
  /** The serial console of the newest start. */
  consoleLog: "console.log",
  /** QEMU's own output. */
  qemuLog: "qemu.log",
  /** The shared SSH connection's output. */
  sshLog: "ssh.log",
} as const;

/** Path of one of a guest's files. */
export const devFile = (name: string, file: keyof typeof DEV_FILES): string =>
  join(devDir(name), DEV_FILES[file]);

/** Held by a task that changes the guest: creates, starts, stops or destroys it. */
export const devLock = (name: string): string => join(locksDir(), `dev-${name}`);

/**
 * The private directory of a guest's sockets; `place` distinguishes those of a guest that is being
 * created from those of the finished one. Checkouts share the parent directory, hence the digest of
 * ours.
 */
export async function devSocketDir(
  name: string,
  place: "run" | "init" = "run",
  parent = socketDir(),
): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(devDir(name)));
  const id = new Uint8Array(digest).slice(0, 4).toHex();
  return join(parent, `dev-${id}-${place}`);
}

/** Names inside {@link devSocketDir}; QMP's is `qmpSocketPath()`. */
export const DEV_SOCKETS = {
  /** The serial console. */
  console: "console",
  /** The shared SSH connection. */
  ssh: "ssh",
  virtiofs: "virtiofs",
} as const;
