import type { Platform } from "../config/platform.ts";
import type { Project } from "../project/project.ts";
import type { Accelerator } from "../host/accelerator/accelerator.ts";
import {
  cpuArgs,
  diskArgs,
  emptyDiskArgs,
  incomingArgs,
  kernelArgs,
  machineArgs,
  MEMORY_ID,
  memoryArgs,
  memoryFileArgs,
  type MemoryFileOptions,
  netArgs,
  portArgs,
  rngArgs,
  sandboxArgs,
} from "../qemu/args.ts";

/** What a guest is given of the host. */
export interface Size {
  readonly memoryMiB: number;
  readonly cores: number;
  /** Whether the project has chosen the memory: see `MemoryWish`. */
  readonly ofProject?: boolean;
}

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

/** How a guest comes to run: its kernel boots, or its state comes over QMP. */
export type Beginning =
  | {
    readonly kind: "boot";
    readonly kernel: string;
    readonly initramfs: string;
    /** More words for the kernel's command line. */
    readonly append?: readonly string[] | undefined;
  }
  | { readonly kind: "incoming" };

/** What {@link guestArgs} puts together. */
export interface MachineOptions extends Size {
  readonly platform: Platform;
  /** The machine type with its version, since an alias moves on with QEMU: `pc-q35-7.2`. */
  readonly machine: string;
  readonly accelerator: Accelerator;
  readonly beginning: Beginning;
  /** Memory that is a file; without it, QEMU makes its own. */
  readonly memoryFile?: Pick<MemoryFileOptions, "path" | "mode">;
  /** The overlay. */
  readonly disk: string;
  /** The raw disk of the build cache, {@link CACHE_DISK_BYTES} long; without it, an empty one. */
  readonly cacheDisk?: string;
  /** Whether the guest has a way to the network besides its forwarded port. Default false. */
  readonly openNetwork?: boolean;
  /** Port of 127.0.0.1; 0 for a free one. */
  readonly sshPort: number;
  /** Path of the socket of the guest's port. */
  readonly portSocket: string;
}

/**
 * Size of the disk for the build cache. Every guest has one, since devices cannot differ between
 * a snapshot and the guests that come from it; the file takes only what is written.
 */
export const CACHE_DISK_BYTES = 32 * 2 ** 30;

const CACHE_DISK_ID = "cache0";

/** Everything that shapes a build guest, as QEMU's arguments. */
export function guestArgs(options: MachineOptions): string[] {
  const { platform, accelerator, beginning, memoryFile, memoryMiB } = options;
  const memory = memoryFile === undefined ? undefined : MEMORY_ID;
  return [
    ...(memoryFile === undefined ? [] : memoryFileArgs({ ...memoryFile, memoryMiB })),
    ...machineArgs({ machine: options.machine, accelerator, memory }),
    ...cpuArgs({ cpu: platform.cpu[accelerator], cores: options.cores }),
    ...memoryArgs(memoryMiB),
    ...(beginning.kind === "incoming" ? incomingArgs() : kernelArgs({
      kernel: beginning.kernel,
      initramfs: beginning.initramfs,
      append: kernelCommandLine(platform, beginning.append),
    })),
    ...deviceArgs(options),
    ...sandboxArgs(),
  ];
}

/** What {@link deviceArgs} puts together. */
export type DeviceOptions = Pick<
  MachineOptions,
  "disk" | "cacheDisk" | "openNetwork" | "sshPort" | "portSocket"
>;

/** Disks, network, random numbers and port of a build guest. */
export function deviceArgs(options: DeviceOptions): string[] {
  return [
    ...diskArgs({ path: options.disk, format: "qcow2", throwAway: true }),
    ...(options.cacheDisk === undefined
      ? emptyDiskArgs(CACHE_DISK_ID, CACHE_DISK_BYTES)
      : diskArgs({ path: options.cacheDisk, format: "raw", id: CACHE_DISK_ID })),
    // Not part of the device's state: a snapshot serves guests with a way out and without.
    ...netArgs({ hostPort: options.sshPort, restrict: options.openNetwork !== true }),
    ...rngArgs(),
    ...portArgs(options.portSocket),
  ];
}

/** The words of the kernel's command line. */
export function kernelCommandLine(platform: Platform, append: readonly string[] = []): string[] {
  return [platform.append ?? "", ...append];
}

/** The port that `--ssh-port` or the platform asks for; 0 stands for a free one. */
export function sshPort(platform: Platform, flag: number | undefined): number {
  if (flag !== undefined) return flag;
  return platform.ssh.port === "auto" ? 0 : platform.ssh.port;
}
