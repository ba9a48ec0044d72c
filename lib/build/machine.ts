import { UsageError } from "../cli/errors.ts";
import type { Platform } from "../config/platform.ts";
import type { Project } from "../config/project.ts";
import type { Accelerator } from "../host/accelerator.ts";
import {
  cpuArgs,
  diskArgs,
  kernelArgs,
  machineArgs,
  memoryArgs,
  netArgs,
  rngArgs,
  sandboxArgs,
} from "../qemu/args.ts";

/** What a guest is given of the host. */
export interface Size {
  readonly memoryMiB: number;
  readonly cores: number;
}

/** A guest's size: what the command line says, else the project, else the platform. */
export function guestSize(
  platform: Platform,
  project: Pick<Project, "memoryMiB" | "cores"> | undefined,
  flags: { readonly memoryMiB?: number; readonly cores?: number },
): Size {
  return {
    memoryMiB: flags.memoryMiB ?? project?.memoryMiB ?? platform.memoryMiB,
    cores: flags.cores ?? project?.cores ?? platform.cores,
  };
}

/** What {@link guestArgs} puts together. */
export interface MachineOptions extends Size {
  readonly platform: Platform;
  readonly accelerator: Accelerator;
  readonly kernel: string;
  readonly initramfs: string;
  /** More words for the kernel's command line. */
  readonly append?: readonly string[] | undefined;
  /** The overlay. */
  readonly disk: string;
  /** Port of 127.0.0.1; 0 for a free one. */
  readonly sshPort: number;
}

/** Everything that shapes a build guest, as QEMU's arguments. */
export function guestArgs(options: MachineOptions): string[] {
  const { platform, accelerator } = options;
  return [
    ...machineArgs({ machine: platform.machine, accelerator }),
    ...cpuArgs({ cpu: platform.cpu[accelerator], cores: options.cores }),
    ...memoryArgs(options.memoryMiB),
    ...kernelArgs({
      kernel: options.kernel,
      initramfs: options.initramfs,
      append: [platform.append ?? "", ...(options.append ?? [])],
    }),
    ...diskArgs({ path: options.disk, format: "qcow2", throwAway: true }),
    ...netArgs({ hostPort: options.sshPort }),
    ...rngArgs(),
    ...sandboxArgs(),
  ];
}

/** The port that `--ssh-port` or the platform asks for; 0 stands for a free one. */
export function sshPort(platform: Platform, flag: number | undefined): number {
  if (flag !== undefined) return flag;
  return platform.ssh.port === "auto" ? 0 : platform.ssh.port;
}

/** Refuses guests that cannot fit the host, before anything is started. */
export function checkSize(size: Size, host: { readonly memoryMiB: number }, name: string): void {
  if (size.memoryMiB <= host.memoryMiB) return;
  throw new UsageError(
    `Cannot give guest "${name}" ${size.memoryMiB} MiB: the host has ${host.memoryMiB} MiB`,
    { next: 'pass a smaller --memory, or set a smaller "memory" in guesthouse.json' },
  );
}
