import { ARCH } from "../config/archs.ts";
import { DEV_ARCH } from "../config/dev_names.ts";
import type { Accelerator } from "../host/accelerator/accelerator.ts";
import {
  cpuArgs,
  diskArgs,
  machineArgs,
  MEMORY_ID,
  memoryArgs,
  netArgs,
  rngArgs,
  sandboxArgs,
} from "../qemu/args.ts";
import { sharedMemoryArgs } from "../qemu/share_args.ts";
import type { DevConfig } from "../config/dev_config.ts";
import type { BootPlan } from "./flavour/flavour.ts";
import type { Share } from "./share/share.ts";

/** The program that runs dev guests. */
export const QEMU = ARCH[DEV_ARCH].qemu.system;

/** What {@link devArgs} puts together. */
export interface DevMachine {
  readonly config: DevConfig;
  /** The machine type with its version. */
  readonly machine: string;
  readonly accelerator: Accelerator;
  readonly boot: BootPlan;
  /** Absolute path of the guest's own disk. */
  readonly disk: string;
  /** Port of 127.0.0.1; 0 for a free one. */
  readonly sshPort: number;
  /** Left out while the guest is being made. */
  readonly share?: Pick<Share, "sharedMemory" | "qemuArgs">;
  /** What shows the guest's screen; none without it. */
  readonly display?: string;
  /** Whether a reboot from inside is one, rather than the guest's end. */
  readonly reboots: boolean;
}

/** Everything that shapes a dev guest, as QEMU's arguments. */
export function devArgs(options: DevMachine): string[] {
  const { config, accelerator, share } = options;
  const shared = share?.sharedMemory === true;
  return [
    ...(shared ? sharedMemoryArgs(config.memoryMiB) : []),
    ...machineArgs({
      machine: options.machine,
      accelerator,
      memory: shared ? MEMORY_ID : undefined,
    }),
    ...cpuArgs({
      cpu: accelerator === "tcg" ? ARCH[DEV_ARCH].qemu.cpu : "host",
      cores: config.cores,
    }),
    ...memoryArgs(config.memoryMiB),
    ...options.boot.args,
    ...diskArgs({ path: options.disk, format: "qcow2" }),
    ...(options.boot.moreDisks ?? []),
    ...netArgs({ hostPort: options.sshPort }),
    ...rngArgs(),
    ...(share?.qemuArgs() ?? []),
    ...(options.display === undefined ? [] : screenArgs(options.display)),
    // The last word counts, and `quietArgs()` has said -no-reboot before.
    ...(options.reboots ? ["-action", "reboot=reset"] : []),
    ...sandboxArgs(),
  ];
}

/** A window with a screen, a keyboard and a pointer that needs no grabbing. */
function screenArgs(display: string): string[] {
  return [
    ...["-display", display],
    ...["-device", "virtio-gpu-pci", "-device", "qemu-xhci"],
    ...["-device", "usb-kbd", "-device", "usb-tablet"],
  ];
}
