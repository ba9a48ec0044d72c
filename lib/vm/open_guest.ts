import { writeRecord } from "../guest/runs.ts";
import type { RunFolder, RunRecord } from "../guest/runs.ts";
import type { GuestPort } from "../guest/port.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { requireMemory } from "../host/guest_memory.ts";
import type { Guest } from "../qemu/launch.ts";
import { bootTwice, connectGuest, proxySocket } from "../guest/connect_guest.ts";
import {
  findGuestHost,
  type GuestHost,
  type GuestRequest,
  type LaunchedGuest,
  launchGuest,
} from "./launch_guest.ts";
import { type GuestNetwork, openNetwork } from "./guest_network.ts";
import { startWarm, type WarmOptions } from "./warm_start.ts";

/** What {@link openGuest} takes. */
export interface OpenGuestOptions extends GuestRequest {
  /** From launch to an answered command, under TCG; a hypervisor gets a quarter of it. */
  readonly bootMs: number;
  /** Boot, even if there is a snapshot to start from. */
  readonly cold?: boolean;
  /** Told which accelerator it is, before the guest starts. */
  readonly onAccelerator?: (name: string, reason: string) => void;
  /** Told how the start goes, for a log. */
  readonly onNote?: WarmOptions["onNote"];
}

/** A guest that is up and answers. Disposal ends it and removes everything of it. */
export interface OpenGuest extends AsyncDisposable {
  readonly run: RunFolder;
  readonly guest: Guest;
  readonly ssh: SshConnection;
  /** What programs in it can reach. */
  readonly network: GuestNetwork;
  /** To the resume service, which only guests from a snapshot have. */
  readonly port: GuestPort | undefined;
  readonly accelerator: string;
  /** Aborts when the guest is stopped for good, such as by a full disk of the host. */
  readonly failed: AbortSignal;
  /** Whether it came from a snapshot that an earlier task had saved. */
  readonly start: "cold" | "warm";
  readonly bootSeconds: number;
  /**
   * Ends the guest. Its overlay is thrown away, so nothing is waited for but QEMU's end; whatever
   * is to be kept must be out by now.
   */
  shutdown(): Promise<void>;
  /** Lets the guest outlive this task. */
  keep(project?: string): Promise<RunRecord>;
}

/** How much sooner than under emulation a guest must be up that runs on a hypervisor. */
const HYPERVISOR_SPEEDUP = 4;

/**
 * Starts a guest on an overlay, and waits until it answers a command: from a snapshot where that
 * is possible, which is saved first if there is none; else by booting it.
 */
export async function openGuest(options: OpenGuestOptions): Promise<OpenGuest> {
  await requireMemory({ ...options, name: options.platform.name });
  const host = await findGuestHost(options);
  options.onAccelerator?.(host.accelerator, host.reason);
  const bootMs = options.bootMs / (host.accelerator === "tcg" ? 1 : HYPERVISOR_SPEEDUP);
  const onNote = options.onNote ?? (() => {});
  if (options.cold !== true) {
    const warm = await startWarm({ ...options, bootMs, onNote }, host);
    if (warm !== undefined) return await toOpenGuest(warm.launched, warm.ssh, warm, options);
  }
  return await bootTwice(() => openCold({ ...options, bootMs }, host), onNote);
}

async function openCold(options: OpenGuestOptions, host: GuestHost): Promise<OpenGuest> {
  const { platform, bootMs } = options;
  await using stack = new AsyncDisposableStack();
  const launched = stack.use(await launchGuest(options, host));
  const { run, guest } = launched;
  const signal = AbortSignal.any([options.signal, launched.failed]);
  const ssh = stack.use(
    await connectGuest({
      ...{ guest, run, signal },
      keys: host.keys,
      user: platform.ssh.user,
      deadlineMs: bootMs,
      proxied: options.network !== "open",
    }),
  );
  await launched.record;
  const bootSeconds = launched.clock();
  const resources = stack.move();
  return await toOpenGuest(launched, ssh, {
    port: undefined,
    start: "cold",
    bootSeconds,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }, options);
}

async function toOpenGuest(
  { run, guest, host, record, failed, releaseOverlay }: LaunchedGuest,
  ssh: SshConnection,
  how: Pick<OpenGuest, "port" | "start" | "bootSeconds" | typeof Symbol.asyncDispose>,
  { network: rule, onNote }: OpenGuestOptions,
): Promise<OpenGuest> {
  // It goes down, too, where there is no proxy to be had.
  await using stack = new AsyncDisposableStack();
  stack.use(how);
  const network = stack.use(
    openNetwork(ssh, {
      ...{ rule, socketPath: proxySocket(run) },
      onNote: (line) => onNote?.(line, "info"),
    }),
  );
  const resources = stack.move();
  return {
    ...{ run, guest, ssh, network, failed },
    port: how.port,
    start: how.start,
    bootSeconds: how.bootSeconds,
    accelerator: host.accelerator,
    async shutdown() {
      // The plug first: the connection then ends by itself, without a farewell to wait for.
      await guest.shutdown({ powerdownMs: 0 });
      await ssh.close();
    },
    async keep(project) {
      const kept = { ...await record, kept: true, ...(project === undefined ? {} : { project }) };
      await writeRecord(kept);
      await guest.release();
      releaseOverlay();
      run.leave();
      return kept;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
