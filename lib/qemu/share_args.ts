import { isAbsolute } from "@std/path";
import { MEMORY_ID, optionValue } from "./args.ts";

/** The name under which the guest mounts the shared directory, with 9p and with virtiofs. */
export const SHARE_TAG = "share";

interface P9Options {
  readonly dir: string;
  /**
   * `none`: with QEMU's own user. `mapped-xattr`: guest owners and modes in extended attributes.
   */
  readonly security: "none" | "mapped-xattr";
  readonly readOnly?: boolean;
  /** The id of the share. Default `share0`. */
  readonly id?: string;
  /** The name under which the guest mounts it. Default {@link SHARE_TAG}. */
  readonly tag?: string;
}

/**
 * A directory of the host over 9p. QEMU follows no symbolic link, so no name leads out of it.
 * `multidevs=remap` keeps inode numbers of file systems mounted below it apart.
 */
export function p9Args(options: P9Options): string[] {
  const { dir, security, readOnly, id = "share0", tag = SHARE_TAG } = options;
  const fsdev = [
    "local",
    `id=${id}`,
    `path=${optionValue(absolute(dir))}`,
    `security_model=${security}`,
    "multidevs=remap",
    ...(readOnly ? ["readonly=on"] : []),
  ];
  return [
    ...["-fsdev", fsdev.join(",")],
    ...["-device", `virtio-9p-pci,fsdev=${id},mount_tag=${tag}`],
  ];
}

/**
 * The device of a virtiofs daemon that listens on this socket. It needs {@link sharedMemoryArgs}.
 */
export function virtiofsArgs(socketPath: string): string[] {
  return [
    ...["-chardev", `socket,id=share0,path=${optionValue(absolute(socketPath))}`],
    // QEMU's own default of 128 entries makes large reads wait for each other.
    ...["-device", `vhost-user-fs-pci,chardev=share0,tag=${SHARE_TAG},queue-size=1024`],
  ];
}

/** Memory that a daemon of the host can read and write; `machineArgs()` takes its id. */
export function sharedMemoryArgs(memoryMiB: number): string[] {
  if (!Number.isSafeInteger(memoryMiB) || memoryMiB < 1) {
    throw new RangeError(`memoryMiB is ${memoryMiB}, which is not a whole number above 0`);
  }
  return ["-object", `memory-backend-memfd,id=${MEMORY_ID},size=${memoryMiB}M,share=on`];
}

function absolute(path: string): string {
  if (!isAbsolute(path)) throw new RangeError(`"${path}" is not an absolute path`);
  return path;
}
