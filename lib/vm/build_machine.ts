import { join } from "@std/path";
import { ARCH, type Transport } from "../config/archs.ts";
import type { Platform } from "../config/platform.ts";
import type { HostCertificates } from "../guest/certificates.ts";
import type { Keys } from "../host/keys.ts";
import type { Image } from "../image/platform/platform_image.ts";
import { warmSeedsOf } from "../image/platform/systems.ts";
import type { Project } from "../project/project.ts";
import { diskArgs, emptyDiskArgs, portArgs, rngArgs } from "../qemu/args.ts";
import { netArgs } from "../qemu/net_args.ts";
import type { Machine, Size } from "./machine.ts";
import type { SnapshotShape } from "./snapshot_recipe.ts";
import { PORT_SOCKET } from "./ssh_login.ts";

/** A guest's size: what the command line says, else the project, else the platform. */
export function guestSize(
  platform: Platform,
  project: Pick<Project, "memoryMiB" | "cores"> | undefined,
  flags: { readonly memory?: number | undefined; readonly cores?: number | undefined },
): Size {
  return {
    memoryMiB: flags.memory ?? project?.memoryMiB ?? platform.memoryMiB,
    cores: flags.cores ?? project?.cores ?? platform.cores,
    ofProject: flags.memory === undefined && project?.memoryMiB !== undefined,
  };
}

/** Size of the build cache's disk, which every guest has: devices must match the snapshot's. */
export const CACHE_DISK_BYTES = 32 * 2 ** 30;

/** That disk's id and serial; provision/resume.pl knows it too. */
export const CACHE_DISK_ID = "cache0";

/** Disks, network, random numbers and port of a build guest. */
export function buildDevices(
  { transport, cacheDisk, openNetwork, sshPort, bootIndex }: {
    readonly transport: Transport;
    /** The raw disk of the build cache, {@link CACHE_DISK_BYTES} long; without it, an empty one. */
    readonly cacheDisk?: string | undefined;
    /** Whether the guest has a way to the network besides its forwarded port. Default false. */
    readonly openNetwork?: boolean;
    /** Port of 127.0.0.1; 0 for a free one. */
    readonly sshPort: number;
    /** Of the main disk, for guests that firmware boots. */
    readonly bootIndex?: number | undefined;
  },
): Machine["devices"] {
  return ({ disk, socketDir }) => [
    ...diskArgs({ path: disk, format: "qcow2", throwAway: true, transport, bootIndex }),
    ...(cacheDisk === undefined
      ? emptyDiskArgs(CACHE_DISK_ID, CACHE_DISK_BYTES, transport)
      : diskArgs({ path: cacheDisk, format: "raw", id: CACHE_DISK_ID, transport })),
    // Not part of the device's state: a snapshot serves guests with a way out and without.
    ...netArgs({ hostPort: sshPort, restrict: openNetwork !== true, transport }),
    ...rngArgs(transport),
    ...portArgs(join(socketDir, PORT_SOCKET), transport),
  ];
}

/** The words of the kernel's command line. */
export function kernelCommandLine(platform: Platform, append: readonly string[] = []): string[] {
  return [platform.append ?? "", ...append];
}

/** A build guest as its snapshot is keyed, without what belongs to one project or task. */
export function buildShape(
  { platform, image, memoryMiB, cores, append }: Size & {
    readonly platform: Platform;
    readonly image: Pick<Image, "digest" | "dir">;
    readonly append?: readonly string[] | undefined;
  },
  { keys, certificates, ...host }: SnapshotShape["host"] & {
    readonly keys: Pick<Keys, "hostPublic" | "clientPublic">;
    readonly certificates?: Pick<HostCertificates, "pem">;
  },
): SnapshotShape {
  return {
    ...{ host, memoryMiB, cores },
    cpu: platform.cpu[host.accelerator],
    words: kernelCommandLine(platform, append),
    devices: buildDevices({ transport: ARCH[platform.arch].qemu.transport, sshPort: 0 }),
    inputs: [
      // What is in it, not what it was made by: the memory remembers blocks of this very disk.
      { name: "image", value: image.digest },
      // The frozen overlay names its backing file by path.
      { name: "image directory", value: image.dir },
      { name: "keys", value: [keys.hostPublic, keys.clientPublic] },
      ...(certificates?.pem ? [{ name: "certificates", value: certificates.pem }] : []),
      ...warmSeedsOf(platform)?.inputs ?? [],
    ],
  };
}

/** The port that `--ssh-port` or the platform asks for; 0 stands for a free one. */
export function sshPort(platform: Platform, flag: number | undefined): number {
  if (flag !== undefined) return flag;
  return platform.ssh.port === "auto" ? 0 : platform.ssh.port;
}
