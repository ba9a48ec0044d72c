import { join } from "@std/path";
import { GuestError } from "../base/errors.ts";
import { imagesDir } from "../base/files/paths.ts";
import { diagnoseCommand } from "../base/process/diagnose_command.ts";
import type { Arch } from "../config/archs.ts";
import type { Variant } from "../config/parts.ts";
import type { AgentClient } from "../guest/agent/client.ts";
import { microAdvice } from "../guest/micro_advice.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import { requireMemory } from "../host/guest_memory.ts";
import { kernelArgs } from "../qemu/args.ts";
import type { GuestLogs } from "../qemu/launch.ts";
import { agentLogin } from "../vm/agent_login.ts";
import { commonCpu, findGuestHost, type GuestHost } from "../vm/host.ts";
import type { GuestPlan, OpenedGuest, OpenHow } from "../vm/plan.ts";
import type { Size } from "../vm/machine.ts";
import { openPlan } from "../vm/open.ts";
import type { SnapshotShape } from "../vm/snapshot_recipe.ts";
import { startGvproxy } from "./gvproxy.ts";
import { checkFiles, findMicroFiles, type MicroFiles } from "./micro_files.ts";
import {
  checkBoot,
  type KernelChoice,
  microDevices,
  microMachine,
  type MicroNetwork,
  microWords,
  NETWORK_SOCKET,
} from "./micro_machine.ts";

/** What determines a microVM's machine. */
export interface MicroRequest extends Size {
  readonly variant: Variant;
  readonly arch: Arch;
  readonly accelerator: AcceleratorChoice;
  /** Default: our own if it has been built. */
  readonly kernel?: KernelChoice | undefined;
  readonly network: MicroNetwork;
  /** Path of gvproxy, for its network. */
  readonly gvproxy?: string | undefined;
  readonly append?: readonly string[] | undefined;
  readonly logs: GuestLogs;
  readonly signal: AbortSignal;
}

export interface OpenMicroOptions extends MicroRequest, OpenHow {}

/** A microVM whose agent has answered. Disposal throws it away. */
export interface MicroVm extends OpenedGuest<AgentClient> {
  readonly agent: AgentClient;
  readonly kernel: KernelChoice;
}

/** What a microVM runs on, and the files that it starts from. */
interface MicroHost extends GuestHost {
  readonly files: MicroFiles;
}

/** The guest's name, for messages, and that of its snapshots. */
export const microName = ({ variant, arch }: Pick<MicroRequest, "variant" | "arch">): string =>
  `${variant}-${arch}`;

/** Finds out what a microVM will run on. Throws {@link HostError} where a part is missing. */
export async function findMicroHost(
  { variant, arch, accelerator, kernel, signal }: Pick<
    MicroRequest,
    "variant" | "arch" | "accelerator" | "kernel" | "signal"
  >,
): Promise<MicroHost> {
  const files = await findMicroFiles(variant, arch, kernel);
  const machine = microMachine({ arch, kernelChoice: files.kernelChoice });
  const host = await findGuestHost({ arch, machine, cpu: "host", accelerator, signal });
  return { ...host, files };
}

/** What runs before a microVM is saved, so that its memory holds what every start needs. */
const WARM_UP: Readonly<Record<Variant, readonly (readonly string[])[]>> = {
  raw: [["true"], ["sh", "-c", "ls /proc/self; cat /dev/null"]],
  python: [["true"], ["sh", "-c", ":"], ["python3", "-c", "import json, os, subprocess, sys"]],
  node: [["true"], ["sh", "-c", ":"], ["node", "-e", "require('node:fs')"]],
};

/** A microVM as its snapshot is keyed. */
export function microShape(
  request: Pick<MicroRequest, "variant" | "arch" | "memoryMiB" | "cores" | "network" | "append">,
  { files, ...host }: SnapshotShape["host"] & { readonly files: MicroFiles },
): SnapshotShape {
  const { kernelChoice, digests } = files;
  const { accelerator } = host;
  const options = { ...request, kernelChoice, accelerator };
  return {
    ...{ host, memoryMiB: request.memoryMiB, cores: request.cores },
    cpu: commonCpu(request.arch, host),
    words: microWords(options),
    devices: microDevices(options),
    inputs: [
      { name: "kernel", value: [kernelChoice, digests.kernel] },
      { name: "initramfs", value: digests.initramfs },
      { name: "disk", value: digests.disk },
      // The frozen overlay names its backing file by path.
      { name: "disk's path", value: files.disk },
      { name: "warm-up", value: WARM_UP[request.variant] },
    ],
  };
}

/** A microVM of a variant, which its agent answers for. */
function microGuest(request: MicroRequest, host: MicroHost): GuestPlan<AgentClient> {
  const { variant, logs, signal } = request;
  const { files } = host;
  const name = microName(request);
  const shape = microShape(request, host);
  const { logIn, rest, resume } = agentLogin({
    warmUp: WARM_UP[variant],
    explain: (error) => withMicroAdvice(error, request),
  });
  const saved = {
    ...{ ...shape, name, host, logs, signal, logIn, disk: files.disk },
    boot: () =>
      Promise.resolve(
        kernelArgs({ kernel: files.kernel, initramfs: files.initramfs, append: shape.words }),
      ),
    helper: request.network === "gvproxy" ? gvproxyHelper(request) : undefined,
  };
  return {
    ...saved,
    snapshot: {
      ...{ shape, saved, imageDir: imagesDir() },
      async rest(...given) {
        // What was replaced before QEMU had it open went into the guest under the former's digest.
        await checkFiles(files, ["kernel", "initramfs", "disk"], `Cannot save guest "${name}"`);
        await rest(...given);
      },
      async resume(...given) {
        // Its memory remembers blocks of that very disk; QEMU has it open, even if it is replaced.
        await checkFiles(files, ["disk"], `Cannot start guest "${name}" warm`);
        return await resume(...given);
      },
    },
  };
}

const gvproxyHelper = ({ gvproxy = "gvproxy", logs, signal }: MicroRequest) => {
  const log = `${logs.qemu}.gvproxy`;
  const start = (socketDir: string) =>
    startGvproxy(gvproxy, { socket: join(socketDir, NETWORK_SOCKET), log, signal });
  return { log, start };
};

/**
 * Starts a microVM on an overlay as {@link openPlan} does, with its own time and random numbers.
 * Throws {@link HostError} for a missing part, and {@link GuestError}.
 */
export async function openMicroVm(options: OpenMicroOptions): Promise<MicroVm> {
  await requireMemory({ name: microName(options), memoryMiB: options.memoryMiB });
  const host = await findMicroHost(options);
  checkBoot(options.append);
  const opened = await openPlan(microGuest(options, host), options);
  return { ...opened, agent: opened.session, kernel: host.files.kernelChoice };
}

/** Advises what works for a microVM, in the place of what works for a platform's guest. */
function withMicroAdvice(error: unknown, request: MicroRequest): unknown {
  if (!(error instanceof GuestError) || error.next === undefined) return error;
  const { message, details } = error;
  const next = microAdvice(error.next, request) ?? diagnoseCommand(request.logs.console);
  return next === error.next ? error : new GuestError(message, { details, next, cause: error });
}
