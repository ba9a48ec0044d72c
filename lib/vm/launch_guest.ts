import { ARCH } from "../config/archs.ts";
import { join } from "@std/path";
import type { NetworkRule } from "../config/network.ts";
import type { Platform } from "../config/platform.ts";
import {
  type Accelerator,
  type AcceleratorChoice,
  probeAccelerator,
} from "../host/accelerator/accelerator.ts";
import { ensureKeys, type Keys } from "../host/keys.ts";
import { RUN_FILES } from "../base/files/paths.ts";
import { processStartTime } from "../base/process/process.ts";
import { createRun, type RunFolder, type RunRecord, writeRecord } from "../guest/runs.ts";
import type { Image } from "../image/platform/platform_image.ts";
import { systemOf } from "../image/platform/systems.ts";
import { type Guest, type GuestLogs, startGuest } from "../qemu/launch.ts";
import { createOverlay } from "../qemu/overlay.ts";
import { pinMachine, type QemuProgram, qemuProgram } from "../qemu/program.ts";
import { watchGuest } from "../qemu/watch_guest.ts";
import { startClock } from "../base/time/clock.ts";
import { type Beginning, guestArgs, type MachineOptions, type Size } from "./build_machine.ts";

/** What decides which machine a guest is, whoever starts it. */
export interface GuestRequest extends Size {
  readonly platform: Platform;
  readonly image: Image;
  readonly accelerator: AcceleratorChoice;
  /** What it may reach. */
  readonly network: NetworkRule;
  /** Port of 127.0.0.1 that leads to the guest's SSH; 0 for a free one. */
  readonly sshPort: number;
  /** More words for the kernel's command line. */
  readonly append?: readonly string[] | undefined;
  /** The disk of the build cache, where there is one. */
  readonly cacheDisk?: string;
  readonly logs: GuestLogs;
  readonly signal: AbortSignal;
}

/** What a guest runs on: found out once, whatever way it then starts. */
export interface GuestHost {
  readonly binary: string;
  readonly qemu: QemuProgram;
  /** The machine type with its version. */
  readonly machine: string;
  readonly accelerator: Accelerator;
  /** Why this accelerator. */
  readonly reason: string;
  readonly keys: Keys;
}

/** Finds out what a guest will run on, and makes the checkout's keys if there are none. */
export async function findGuestHost(
  request: Pick<GuestRequest, "platform" | "accelerator" | "signal">,
): Promise<GuestHost> {
  const { platform, signal } = request;
  const binary = ARCH[platform.arch].qemu.system;
  const { accelerator, reason } = await probeAccelerator({
    arch: platform.arch,
    want: request.accelerator,
    qemuBinary: binary,
    cpu: platform.cpu.kvm,
    signal,
  });
  const qemu = await qemuProgram(binary, signal);
  const machine = pinMachine(platform.machine, qemu);
  return { binary, qemu, machine, accelerator, reason, keys: await ensureKeys(signal) };
}

/** How a guest is launched. */
export interface LaunchPlan {
  /** What the guest's overlay lies on. Default: the image's disk. */
  readonly backing?: string;
  /** Where the overlay is made. Default: in the run's folder, with which it goes. */
  readonly overlay?: string;
  readonly memoryFile?: MachineOptions["memoryFile"];
  /** Default: the image's kernel boots. */
  readonly beginning?: Extract<Beginning, { kind: "incoming" }>;
  /** One more archive for the initramfs; what it has below `seed/` replaces files of the root. */
  readonly extraSeed?: Uint8Array<ArrayBuffer>;
}

/** A guest that runs, and that nobody has logged in to yet. Disposal ends it and removes its run. */
export interface LaunchedGuest extends AsyncDisposable {
  readonly run: RunFolder;
  readonly guest: Guest;
  readonly host: GuestHost;
  /** Written by now, once this resolves. */
  readonly record: Promise<RunRecord>;
  /** Path of the socket of the guest's port. */
  readonly portSocket: string;
  /** Aborts when the guest is stopped for good, such as by a full disk of the host. */
  readonly failed: AbortSignal;
  /** Seconds since the launch. */
  readonly clock: () => number;
  /** Keeps the overlay, for a guest that outlives the task. */
  releaseOverlay(): void;
}

/** Starts a guest on an overlay, with this checkout's keys. */
export async function launchGuest(
  request: GuestRequest,
  host: GuestHost,
  plan: LaunchPlan = {},
): Promise<LaunchedGuest> {
  const { platform, image, signal, logs } = request;
  const { name } = platform;
  const { accelerator, binary } = host;
  await using stack = new AsyncDisposableStack();
  const clock = startClock();
  const run = stack.use(await createRun(name));
  const overlay = stack.use(
    await createOverlay({
      name,
      backing: plan.backing ?? image.disk,
      frozen: plan.backing !== undefined,
      path: plan.overlay ?? join(run.dir, RUN_FILES.overlay),
      signal,
    }),
  );
  const portSocket = join(run.socketDir, "port");
  stack.defer(() => Deno.remove(portSocket).catch(() => {}));
  const guest = stack.use(
    await startGuest({
      ...{ name, binary, logs, signal },
      args: guestArgs({
        ...request,
        ...{ accelerator, portSocket },
        openNetwork: request.network === "open",
        machine: host.machine,
        beginning: plan.beginning ?? await bootWithSeed(request, host, run, plan.extraSeed),
        disk: overlay.path,
        ...(plan.memoryFile === undefined ? {} : { memoryFile: plan.memoryFile }),
      }),
      runDir: run.dir,
      socketDir: run.socketDir,
    }),
  );
  const { failed } = stack.use(await watchGuest({ ...guest, logs }));
  const facts: Omit<RunRecord, "startTime"> = {
    id: run.id,
    platform: name,
    pid: guest.pid,
    sshPort: guest.sshPort ?? 0,
    user: platform.ssh.user,
    imageDir: image.dir,
    ...(plan.backing === undefined ? {} : { backing: plan.backing }),
    accelerator,
    memoryMiB: request.memoryMiB,
    cores: request.cores,
    network: request.network,
    kept: false,
    started: new Date().toISOString(),
    console: logs.console,
  };
  // On record as soon as it runs, so that whoever sweeps after a kill finds it; the guest itself
  // does not wait for that.
  const record = processStartTime(guest.pid).then(async (startTime = "") => {
    const whole: RunRecord = { ...facts, startTime };
    await writeRecord(whole);
    return whole;
  });
  // Before its folder goes.
  stack.defer(() => record.then(() => {}, () => {}));
  const resources = stack.move();
  return {
    ...{ run, guest, host, record, portSocket, failed, clock },
    releaseOverlay: () => overlay.release(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The image's kernel, and its initramfs with this checkout's keys behind it. */
async function bootWithSeed(
  { image, platform, append }: GuestRequest,
  { keys }: GuestHost,
  run: RunFolder,
  extraSeed: Uint8Array<ArrayBuffer> = new Uint8Array(),
): Promise<Beginning> {
  const initramfs = join(run.dir, RUN_FILES.initramfs);
  await Deno.copyFile(image.initramfs, initramfs);
  await Deno.chmod(initramfs, 0o600);
  const seed = systemOf(platform).seeds.run({
    hostKey: { secret: keys.hostSecret, public: keys.hostPublic },
    authorizedKeys: `${keys.clientPublic}\n`,
    user: platform.ssh.user,
    hostname: platform.name,
  });
  for (const archive of [seed, extraSeed]) {
    await Deno.writeFile(initramfs, archive, { append: true });
  }
  return { kind: "boot", kernel: image.kernel, initramfs, append };
}
