import { join } from "@std/path";
import { createRun } from "../guest/runs.ts";
import {
  type Accelerator,
  type AcceleratorChoice,
  probeAccelerator,
} from "../host/accelerator/accelerator.ts";
import { RUN_FILES } from "../base/files/paths.ts";
import { ARCH, type Arch } from "../config/archs.ts";
import type { Variant } from "../config/parts.ts";
import { type Guest, type GuestLogs, startGuest } from "../qemu/launch.ts";
import { createOverlay } from "../qemu/overlay.ts";
import { pinMachine, type QemuProgram, qemuProgram } from "../qemu/program.ts";
import { watchGuest } from "../qemu/watch_guest.ts";
import { startClock } from "../base/time/clock.ts";
import { startGvproxy } from "./gvproxy.ts";
import type { Size } from "./build_machine.ts";
import { findMicroFiles, type MicroFiles } from "./micro_files.ts";
import {
  type KernelChoice,
  microArgs,
  microMachine,
  type MicroNetwork,
  type MicroOptions,
} from "./micro_machine.ts";

/** What decides which machine a microVM is, whoever starts it. */
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

/** What a microVM runs on: found out once, whatever way it then starts. */
export interface MicroHost {
  readonly files: MicroFiles;
  readonly binary: string;
  readonly qemu: QemuProgram;
  /** The machine type with its version. */
  readonly machine: string;
  readonly accelerator: Accelerator;
}

/** The guest's name, for messages, and that of its snapshots. */
export const microName = ({ variant, arch }: Pick<MicroRequest, "variant" | "arch">): string =>
  `${variant}-${arch}`;

/** Finds out what a microVM will run on. Throws {@link HostError} where a part is missing. */
export async function findMicroHost(
  request: Pick<MicroRequest, "variant" | "arch" | "accelerator" | "kernel" | "signal">,
): Promise<MicroHost> {
  const { variant, arch, signal } = request;
  const files = await findMicroFiles(variant, arch, request.kernel);
  const binary = ARCH[arch].qemu.system;
  const { accelerator } = await probeAccelerator({
    ...{ arch, want: request.accelerator, qemuBinary: binary, cpu: "host", signal },
  });
  const qemu = await qemuProgram(binary, signal);
  const machine = pinMachine(microMachine({ arch, kernelChoice: files.kernelChoice }), qemu);
  return { files, binary, qemu, machine, accelerator };
}

/** How a microVM is launched. */
export interface MicroPlan extends Pick<MicroOptions, "beginning" | "memoryFile"> {
  /** What its overlay lies on. Default: the variant's disk. */
  readonly backing?: string;
  /** Where the overlay is made. Default: in the run's folder, with which it goes. */
  readonly overlay?: string;
}

/** A microVM that runs, and whose agent nobody has reached yet. Disposal throws it away. */
export interface LaunchedMicro extends AsyncDisposable {
  readonly guest: Guest;
  readonly socketDir: string;
  /** Path of the socket of the agent's port. */
  readonly agentSocket: string;
  /** Aborts when the guest is stopped for good, such as by a full disk of the host. */
  readonly failed: AbortSignal;
  /** Seconds since the launch. */
  readonly clock: () => number;
  /** Keeps the overlay, which a snapshot is made of. */
  releaseOverlay(): void;
}

/** Starts a microVM on an overlay. */
export async function launchMicro(
  request: MicroRequest,
  { files, binary, machine, accelerator }: MicroHost,
  plan: MicroPlan = {},
): Promise<LaunchedMicro> {
  const { signal, logs } = request;
  const name = microName(request);
  await using stack = new AsyncDisposableStack();
  const clock = startClock();
  const run = stack.use(await createRun(name));
  const overlay = stack.use(
    await createOverlay({
      ...{ name, signal },
      backing: plan.backing ?? files.disk,
      frozen: plan.backing !== undefined,
      path: plan.overlay ?? join(run.dir, RUN_FILES.overlay),
    }),
  );
  const socket = (name: string) => join(run.socketDir, name);
  const sockets = {
    agent: socket("agent"),
    events: socket("events"),
    network: socket("network"),
  };
  const otherLogs: string[] = [];
  if (request.network === "gvproxy") {
    const log = `${logs.qemu}.gvproxy`;
    otherLogs.push(log);
    stack.use(
      await startGvproxy(request.gvproxy ?? "gvproxy", { socket: sockets.network, log, signal }),
    );
  }
  const guest = stack.use(
    await startGuest({
      ...{ name, binary, logs, signal },
      args: microArgs({
        ...request,
        ...files,
        ...{ machine, accelerator, sockets, disk: overlay.path },
        ...(plan.beginning === undefined ? {} : { beginning: plan.beginning }),
        memoryFile: plan.memoryFile,
      }),
      runDir: run.dir,
      socketDir: run.socketDir,
    }),
  );
  const { failed } = stack.use(await watchGuest({ ...guest, logs, otherLogs }));
  const resources = stack.move();
  return {
    ...{ guest, failed, clock, socketDir: run.socketDir, agentSocket: sockets.agent },
    releaseOverlay: () => overlay.release(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
