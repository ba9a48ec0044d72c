import { ARCH } from "../config/archs.ts";
import { join } from "@std/path";
import type { TaskContext } from "../cli/context.ts";
import type { NetworkRule } from "../config/network.ts";
import type { Platform } from "../config/platform.ts";
import type { Project } from "../project/project.ts";
import { planSteps } from "../project/plan_steps.ts";
import { type AcceleratorChoice, probeAccelerator } from "../host/accelerator/accelerator.ts";
import { commandText } from "../base/text/command_text.ts";
import { imagesDir } from "../base/files/paths.ts";
import { findFirmware } from "../host/firmware.ts";
import { guestDirs } from "./guest_build.ts";
import { buildDevices, kernelCommandLine } from "../vm/build_machine.ts";
import { dryStart } from "../vm/dry_run.ts";
import type { Size } from "../vm/machine.ts";

interface DryGuest {
  readonly platform: Platform;
  readonly project?: Project;
  readonly size: Size;
  readonly network: NetworkRule;
  readonly accelerator: AcceleratorChoice;
  readonly sshPort: number;
  /** More parameters for the kernel's command line. */
  readonly append?: readonly string[] | undefined;
}

/** Prints the commands of a guest's run; starts only the accelerator probe. */
export async function dryRunGuest(ctx: TaskContext, dry: DryGuest): Promise<number> {
  const { platform, project } = dry;
  const { accelerator } = await probeAccelerator({
    arch: platform.arch,
    want: dry.accelerator,
    qemuBinary: ARCH[platform.arch].qemu.system,
    cpu: platform.cpu.kvm,
    signal: ctx.signal,
  });
  const commands = dryStart({
    ...{ name: platform.name, log: platform.name },
    machine: {
      ...dry.size,
      host: { binary: ARCH[platform.arch].qemu.system, machine: platform.machine, accelerator },
      cpu: platform.cpu[accelerator],
      devices: buildDevices({
        ...{ sshPort: dry.sshPort, openNetwork: dry.network === "open" },
        transport: ARCH[platform.arch].qemu.transport,
      }),
    },
    disk: join(imagesDir(), platform.diskImage),
    ...platform.kernel === undefined ? { firmware: await findFirmware(platform.arch) } : {
      kernel: join(imagesDir(), platform.kernel),
      words: kernelCommandLine(platform, dry.append),
    },
  });
  for (const command of commands) ctx.print(command);
  if (project === undefined) return 0;
  const dirs = guestDirs(platform);
  const steps = planSteps(project, {
    os: platform.os,
    platformName: platform.name,
    sourceDir: join(dirs.source, project.source),
    buildDir: dirs.build,
    jobs: project.cores ?? dry.size.cores,
    cmakeFlags: platform.cmakeFlags,
    generator: platform.cmakeGenerator,
  });
  ctx.print(commandText(["rsync", "--archive", `${project.dir}/`, `guest:${dirs.source}/`]));
  for (const { command } of steps) ctx.print(`guest$ ${commandText(command)}`);
  return 0;
}
