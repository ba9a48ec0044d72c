import { DEV_ARCH } from "../config/dev_names.ts";
import { diskArgs, rngArgs } from "../qemu/args.ts";
import { netArgs } from "../qemu/net_args.ts";
import type { DevConfig } from "../config/dev_config.ts";
import { commonCpu } from "../vm/host.ts";
import type { Machine } from "../vm/machine.ts";
import type { BootPlan } from "./flavour/flavour.ts";
import type { Share } from "./share/share.ts";

export interface DevMachine extends Pick<Machine, "host"> {
  readonly config: DevConfig;
  readonly boot: Pick<BootPlan, "moreDisks">;
  /** Port on 127.0.0.1; 0 for a free one. */
  readonly sshPort: number;
  /** Absent while the guest is being created. */
  readonly share?: Pick<Share, "sharedMemory" | "qemuArgs">;
  /** QEMU's `-display`; without it, the guest has no screen. */
  readonly display?: string;
  /** Whether a reboot from inside restarts the guest instead of ending it. */
  readonly reboots: boolean;
}

/** Everything that shapes a dev guest but for what boots it. */
export function devMachine(options: DevMachine): Machine {
  const { config, host, boot, share, display } = options;
  return {
    ...{ host, memoryMiB: config.memoryMiB, cores: config.cores },
    cpu: commonCpu(DEV_ARCH, host),
    sharedMemory: share?.sharedMemory,
    devices: ({ disk }) => [
      ...diskArgs({ path: disk, format: "qcow2" }),
      ...(boot.moreDisks ?? []),
      ...netArgs({ hostPort: options.sshPort }),
      ...rngArgs(),
      ...(share?.qemuArgs() ?? []),
      ...(display === undefined ? [] : screenArgs(display)),
      // The last one counts, and `quietArgs()` has passed -no-reboot before.
      ...(options.reboots ? ["-action", "reboot=reset"] : []),
    ],
  };
}

/** A window with a screen, a keyboard and a pointer that needs no grabbing. */
function screenArgs(display: string): string[] {
  return [
    ...["-display", display],
    ...["-device", "virtio-gpu-pci", "-device", "qemu-xhci"],
    ...["-device", "usb-kbd", "-device", "usb-tablet"],
  ];
}
