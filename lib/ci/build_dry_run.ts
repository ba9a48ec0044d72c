import { ARCH } from "../config/archs.ts";
import { join } from "@std/path";
import type { TaskContext } from "../cli/context.ts";
import type { NetworkRule } from "../config/network.ts";
import type { Platform } from "../config/platform.ts";
import type { Project } from "../project/project.ts";
import { planSteps } from "../project/plan_steps.ts";
import { type AcceleratorChoice, probeAccelerator } from "../host/accelerator/accelerator.ts";
import { commandText } from "../base/text/command_text.ts";
import { imagesDir, logsDir, RUN_FILES, runsDir, socketDir } from "../base/files/paths.ts";
import { guestCommand } from "../qemu/launch.ts";
import { guestDirs } from "./guest_build.ts";
import { guestArgs, type Size } from "../vm/build_machine.ts";

/** A guest that would be started. */
export interface DryGuest {
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
  const runDir = join(runsDir(), `${platform.name}-RUN`);
  const overlay = join(runDir, RUN_FILES.overlay);
  const disk = join(imagesDir(), platform.diskImage);
  const { accelerator } = await probeAccelerator({
    arch: platform.arch,
    want: dry.accelerator,
    qemuBinary: ARCH[platform.arch].qemu.system,
    cpu: platform.cpu.kvm,
    signal: ctx.signal,
  });
  const args = guestArgs({
    ...dry.size,
    openNetwork: dry.network === "open",
    ...{ platform, accelerator, sshPort: dry.sshPort, disk: overlay, machine: platform.machine },
    portSocket: join(socketDir(), `${platform.name}-RUN`, "port"),
    beginning: {
      kind: "boot",
      append: dry.append,
      kernel: join(imagesDir(), platform.kernel ?? ""),
      initramfs: join(runDir, RUN_FILES.initramfs),
    },
  });
  ctx.print(commandText([
    ...["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", disk, overlay],
  ]));
  ctx.print(commandText(guestCommand({
    ...{ name: platform.name, binary: ARCH[platform.arch].qemu.system, args, runDir },
    socketDir: join(socketDir(), `${platform.name}-RUN`),
    logs: {
      console: join(logsDir(), `${platform.name}.console.log`),
      qemu: join(logsDir(), `${platform.name}.qemu.log`),
    },
  })));
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
