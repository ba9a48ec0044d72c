import { type AcceleratorVerdict, probeAccelerator } from "./accelerator.ts";
import { freeDiskBytes } from "../../base/files/full_disk.ts";
import { type HostFacts, hostFacts } from "../facts.ts";
import { findFirmware, type Firmware } from "../firmware.ts";
import type { InstallHost, InstallPlan } from "../tools/install.ts";
import { planInstall } from "../tools/installer.ts";
import { imagesDir } from "../../base/files/paths.ts";
import { ARCH, type Arch, ARCHS, MICRO_ARCHS } from "../../config/archs.ts";
import { checkTools, type ToolGroup, type ToolVerdict } from "../tools/tools.ts";

export interface ArchReport {
  readonly arch: Arch;
  /** `undefined` where there is no QEMU to ask. */
  readonly accelerator: AcceleratorVerdict | undefined;
  readonly firmware: Firmware | undefined;
}

export interface HostReport {
  readonly facts: HostFacts & Pick<InstallHost, "haveSudo">;
  /** Free where images are kept. */
  readonly freeDiskBytes: number;
  readonly tools: readonly ToolVerdict[];
  readonly archs: readonly ArchReport[];
  readonly plan: InstallPlan;
}

interface HostReportOptions {
  readonly groups: readonly ToolGroup[];
  readonly signal?: AbortSignal;
}

/** Checks everything that tasks need on the host; accelerators are tested again. */
export async function hostReport({ groups, signal }: HostReportOptions): Promise<HostReport> {
  const tools = await checkTools(groups);
  const [facts, { plan, haveSudo }, freeBytes, archs] = await Promise.all([
    hostFacts(),
    planInstall(tools),
    freeDiskBytes(imagesDir()),
    Promise.all(ARCHS.map((arch) => archReport(arch, signal))),
  ]);
  // Of the others, those that can be tried.
  const told = archs.filter(({ arch, accelerator }) =>
    MICRO_ARCHS.includes(arch) || accelerator !== undefined
  );
  return { facts: { ...facts, haveSudo }, freeDiskBytes: freeBytes, tools, archs: told, plan };
}

async function archReport(arch: Arch, signal: AbortSignal | undefined): Promise<ArchReport> {
  const [qemu] = (await checkTools(["vm"], { guestArchs: [arch] }))
    .filter(({ tool }) => tool.name === ARCH[arch].qemu.system);
  const usable = qemu?.path !== undefined && qemu.status !== "broken";
  return {
    arch,
    firmware: await findFirmware(arch),
    accelerator: usable
      ? await probeAccelerator({ arch, want: "auto", qemuBinary: qemu.path, fresh: true, signal })
      : undefined,
  };
}
