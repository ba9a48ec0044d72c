import { join } from "@std/path";
import { locksDir, socketDir, stateDir } from "../../base/files/paths.ts";

/** The directory of all dev guests. */
export const devGuestsDir = (): string => join(stateDir(), "dev");

/** The directory of one dev guest: its disk and all that is remembered of it. */
export const devDir = (name: string): string => join(devGuestsDir(), name);

/** File names inside {@link devDir}. */
export const DEV_FILES = {
  /** The guest's own disk, a qcow2 file without a backing file. */
  disk: "disk.qcow2",
  /** What boots it, where the flavour has no boot loader in the disk. */
  kernel: "vmlinuz",
  initramfs: "initramfs",
  /** The initramfs with this start's keys and settings behind it. */
  seeded: "initramfs.seeded",
  /** Says that the guest is whole, and what it was made of. Written last, removed first. */
  guest: "guest.json",
  /** The record of the guest while it runs. */
  record: "run.json",
  knownHosts: "known_hosts",
  /** Where init makes a guest that is not whole yet. */
  staging: "staging",
  /** The serial console of the newest start. */
  consoleLog: "console.log",
  /** QEMU's own words. */
  qemuLog: "qemu.log",
  /** The shared SSH connection's words. */
  sshLog: "ssh.log",
  /** Keys, ids, names: what the NixOS configuration takes from this host. */
  localNix: "local.nix",
} as const;

/** Path of one of a guest's files. */
export const devFile = (name: string, file: keyof typeof DEV_FILES): string =>
  join(devDir(name), DEV_FILES[file]);

/** Held by a task that changes the guest: makes, starts, ends or destroys it. */
export const devLock = (name: string): string => join(locksDir(), `dev-${name}`);

/**
 * The private directory of a guest's sockets; `place` tells those of a guest that is being made
 * from those of the finished one. Checkouts share the directory around it, hence the digest of
 * ours.
 */
export async function devSocketDir(name: string, place: "run" | "init" = "run"): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(devDir(name)));
  const id = new Uint8Array(digest).slice(0, 4).toHex();
  return join(socketDir(), `dev-${id}-${place}`);
}

/** Names inside {@link devSocketDir}; QMP's is `qmpSocketPath()`. */
export const DEV_SOCKETS = {
  /** The serial console. */
  console: "console",
  /** The shared SSH connection. */
  ssh: "ssh",
  virtiofs: "virtiofs",
} as const;
