import { join } from "@std/path";
import type { Platform } from "../config/platform.ts";
import { type Accelerator, type AcceleratorChoice, probeAccelerator } from "../host/accelerator.ts";
import { ensureKeys, type Keys } from "../host/keys.ts";
import { RUN_FILES } from "../host/paths.ts";
import { processStartTime } from "../host/process.ts";
import { createRun, type RunFolder, type RunRecord, writeRecord } from "../guest/runs.ts";
import type { SshConnection } from "../guest/ssh.ts";
import type { Image } from "../image/image.ts";
import { packSeed } from "../image/initramfs.ts";
import { type Guest, startGuest } from "../qemu/launch.ts";
import { createOverlay, type Overlay } from "../qemu/overlay.ts";
import { settlesWithin } from "../qemu/wait.ts";
import { startClock } from "./clock.ts";
import { connectGuest } from "./connect.ts";
import type { LogFiles } from "./log_files.ts";
import { powerOffOverSsh } from "./power_off.ts";
import { guestArgs, type Size } from "./machine.ts";

/** What {@link openGuest} takes. */
export interface OpenGuestOptions extends Size {
  readonly platform: Platform;
  readonly image: Image;
  readonly accelerator: AcceleratorChoice;
  /** Port of 127.0.0.1 that leads to the guest's SSH; 0 for a free one. */
  readonly sshPort: number;
  /** From launch to an answered command, under TCG; a hypervisor gets a quarter of it. */
  readonly bootMs: number;
  /** More words for the kernel's command line. */
  readonly append?: readonly string[] | undefined;
  /** One more archive for the initramfs; what it has below `seed/` replaces files of the root. */
  readonly extraSeed?: Uint8Array<ArrayBuffer>;
  readonly logs: Pick<LogFiles, "console" | "qemu">;
  readonly signal: AbortSignal;
  /** Told which accelerator it is, before the guest starts. */
  readonly onAccelerator?: (name: string, reason: string) => void;
}

/** A guest that runs, and that nobody has logged in to yet. Disposal is as of {@link OpenGuest}. */
export interface LaunchedGuest extends AsyncDisposable {
  readonly run: RunFolder;
  readonly guest: Guest;
  readonly overlay: Overlay;
  readonly keys: Keys;
  readonly record: RunRecord;
  readonly accelerator: Accelerator;
  /** Seconds since the launch. */
  readonly clock: () => number;
}

/** A guest that is up and answers. Disposal ends it and removes everything of it. */
export interface OpenGuest extends AsyncDisposable {
  readonly run: RunFolder;
  readonly guest: Guest;
  readonly ssh: SshConnection;
  readonly accelerator: string;
  readonly bootSeconds: number;
  /** Shuts the guest down in order, and what does not answer by force. */
  shutdown(): Promise<void>;
  /** Lets the guest outlive this task. */
  keep(project?: string): Promise<RunRecord>;
}

/** How much sooner than under emulation a guest must be up that runs on a hypervisor. */
const HYPERVISOR_SPEEDUP = 4;

/** Starts a guest on an overlay of its image, with this run's keys. */
export async function launchGuest(
  options: Omit<OpenGuestOptions, "bootMs">,
): Promise<LaunchedGuest> {
  const { platform, image, signal } = options;
  const { name } = platform;
  const { accelerator, reason } = await probeAccelerator({
    arch: platform.arch,
    want: options.accelerator,
    qemuBinary: `qemu-system-${platform.arch}`,
    cpu: platform.cpu.kvm,
    signal,
  });
  options.onAccelerator?.(accelerator, reason);
  const keys = await ensureKeys(signal);
  await using stack = new AsyncDisposableStack();
  const run = stack.use(await createRun(name));
  const overlay = stack.use(
    await createOverlay({
      name,
      backing: image.disk,
      path: join(run.dir, RUN_FILES.overlay),
      signal,
    }),
  );
  const initramfs = join(run.dir, RUN_FILES.initramfs);
  await writeSeeded(initramfs, image.initramfs, {
    hostKey: { secret: keys.hostSecret, public: keys.hostPublic },
    authorizedKeys: `${keys.clientPublic}\n`,
    user: platform.ssh.user,
    hostname: name,
  }, options.extraSeed);
  const clock = startClock();
  const guest = stack.use(
    await startGuest({
      name,
      binary: `qemu-system-${platform.arch}`,
      args: guestArgs({
        ...options,
        accelerator,
        kernel: image.kernel,
        initramfs,
        disk: overlay.path,
      }),
      runDir: run.dir,
      socketDir: run.socketDir,
      logs: options.logs,
      signal,
    }),
  );
  // On record as soon as it runs, so that whoever sweeps after a kill finds it.
  const record: RunRecord = {
    id: run.id,
    platform: name,
    pid: guest.pid,
    startTime: await processStartTime(guest.pid) ?? "",
    sshPort: guest.sshPort ?? 0,
    user: platform.ssh.user,
    imageDir: image.dir,
    accelerator,
    memoryMiB: options.memoryMiB,
    cores: options.cores,
    kept: false,
    started: new Date().toISOString(),
    console: options.logs.console,
  };
  await writeRecord(record);
  const resources = stack.move();
  return {
    ...{ run, guest, overlay, keys, record, accelerator, clock },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Starts a guest on an overlay of its image, and waits until it answers a command. */
export async function openGuest(options: OpenGuestOptions): Promise<OpenGuest> {
  const { platform, signal } = options;
  await using stack = new AsyncDisposableStack();
  const launched = stack.use(await launchGuest(options));
  const { run, guest, overlay, keys, record, accelerator, clock } = launched;
  const bootMs = options.bootMs / (accelerator === "tcg" ? 1 : HYPERVISOR_SPEEDUP);
  const ssh = stack.use(
    await connectGuest({ guest, run, keys, user: platform.ssh.user, deadlineMs: bootMs, signal }),
  );
  const bootSeconds = clock();
  const resources = stack.move();
  return {
    run,
    guest,
    ssh,
    accelerator,
    bootSeconds,
    async shutdown() {
      const { shutdownMs } = platform.timeouts;
      if (platform.powerdown === "ssh") {
        await powerOffOverSsh(ssh);
        await settlesWithin(guest.exited, shutdownMs);
      }
      await ssh.close();
      await guest.shutdown({ powerdownMs: platform.powerdown === "qmp" ? shutdownMs : 0 });
    },
    async keep(project) {
      const kept = { ...record, kept: true, ...(project === undefined ? {} : { project }) };
      await writeRecord(kept);
      await guest.release();
      overlay.release();
      run.leave();
      return kept;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The image's initramfs with this run's keys behind it. */
async function writeSeeded(
  path: string,
  initramfs: string,
  seed: Parameters<typeof packSeed>[0],
  extraSeed: Uint8Array<ArrayBuffer> = new Uint8Array(),
): Promise<void> {
  await Deno.copyFile(initramfs, path);
  await Deno.chmod(path, 0o600);
  for (const archive of [packSeed(seed), extraSeed]) {
    await Deno.writeFile(path, archive, { append: true });
  }
}
