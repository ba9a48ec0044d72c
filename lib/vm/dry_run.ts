import { join } from "@std/path";
import { logsDir, RUN_FILES, runsDir, socketDir } from "../base/files/paths.ts";
import { commandText } from "../base/text/command_text.ts";
import type { Firmware } from "../host/firmware.ts";
import { kernelArgs } from "../qemu/args.ts";
import { firmwareArgs, seedDiskArgs } from "../qemu/firmware_args.ts";
import { guestCommand } from "../qemu/launch.ts";
import { guestStart, type Machine } from "./machine.ts";

/** What {@link dryStart} tells of. */
interface DryStart {
  readonly name: string;
  readonly machine: Machine & { readonly host: { readonly binary: string } };
  /** The disk that the overlay lies on. */
  readonly disk: string;
  /** Without it, firmware boots the disk. */
  readonly kernel?: string;
  /** Default: a copy in the run's directory. */
  readonly initramfs?: string;
  readonly words?: readonly string[];
  readonly firmware?: Firmware | undefined;
  /** The name of the logs. */
  readonly log: string;
}

/** The commands that start a guest on an overlay, cold; nothing is started. */
export function dryStart({ name, machine, disk, log, ...boot }: DryStart): string[] {
  const place = {
    dir: join(runsDir(), `${name}-RUN`),
    socketDir: join(socketDir(), `${name}-RUN`),
    disk: join(runsDir(), `${name}-RUN`, RUN_FILES.overlay),
  };
  const logs = {
    console: join(logsDir(), `${log}.console.log`),
    qemu: join(logsDir(), `${log}.qemu.log`),
  };
  const beginning = { boot: bootArgs(boot, place.dir) };
  return [
    commandText([
      ...["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", disk, place.disk],
    ]),
    commandText(guestCommand(guestStart({ ...machine, name, logs }, place, beginning))),
  ];
}

function bootArgs(
  boot: Pick<DryStart, "kernel" | "initramfs" | "words" | "firmware">,
  dir: string,
): string[] {
  const { kernel, firmware, words: append = [] } = boot;
  if (kernel !== undefined) {
    const initramfs = boot.initramfs ?? join(dir, RUN_FILES.initramfs);
    return kernelArgs({ kernel, initramfs, append });
  }
  const vars = join(dir, RUN_FILES.firmwareVars);
  return [
    ...firmware === undefined ? [] : firmwareArgs({ code: firmware.code, vars }),
    ...seedDiskArgs(join(dir, RUN_FILES.seed)),
  ];
}
