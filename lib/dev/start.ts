import { join } from "@std/path";
import { bootTwice, type OnNote } from "../guest/connect_guest.ts";
import { startClock } from "../base/time/clock.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import { acquireLock } from "../base/files/lock.ts";
import { type Guest, qmpSocketPath } from "../qemu/launch.ts";
import { ensurePrivateDir, ensureSocketDir } from "../base/files/private_dir.ts";
import type { DevConfig } from "../config/dev_config.ts";
import type { KeyedHost } from "../vm/host.ts";
import { devGuest, findDevHost, launchDev } from "./dev_guest.ts";
import { requireDevGuest } from "./guest_file.ts";
import { guestIds, hostIds } from "./ids.ts";
import type { DevFlavour } from "./flavour/flavour.ts";
import { loadFlavour } from "./load_flavour.ts";
import { DEV_SOCKETS, devDir, devFile, devLock, devSocketDir } from "./state/dev_paths.ts";
import { resumeDev } from "./state/paused.ts";
import { checkPort } from "./ssh_port.ts";
import { removeAll } from "../base/files/directories.ts";
import { type DevRecord, readDevRecord, writeDevRecord } from "./state/record.ts";
import { makeShare } from "./share/make_share.ts";
import type { Share } from "./share/share.ts";
import { configuredMount, ensureMounted } from "./share/share_mount.ts";
import { bootId, clearRecord, lockDev, recordProcess, settleState } from "./state/state.ts";

/** What {@link startDev} takes. */
export interface StartDevOptions {
  readonly config: DevConfig;
  /** The project on the host: absolute, without symbolic links. */
  readonly hostDir: string;
  readonly accelerator: AcceleratorChoice;
  /** QEMU's `-display`; none without it. */
  readonly display?: string;
  readonly signal: AbortSignal;
  /** Called with the current step, for progress. */
  readonly onStep: (step: string) => void;
  readonly onNote: OnNote;
}

/** A guest that answers. Disposal ends it, unless it was released or was running before. */
export interface StartedDev extends AsyncDisposable {
  readonly record: DevRecord;
  /** Whether it was running before this task. */
  readonly wasUp: boolean;
  readonly seconds: number;
  /** Settles when QEMU has ended; never for a guest that was running before. */
  readonly exited: Promise<unknown>;
  /** Lets the guest outlive the task. */
  release(): Promise<void>;
}

/**
 * Starts the guest, or finds it running. One task at a time starts it: another one waits, and then
 * finds it running. A guest that QEMU has paused is continued.
 */
export async function startDev(options: StartDevOptions): Promise<StartedDev> {
  const { config, signal, onNote } = options;
  const { name } = config;
  const tell = (text: string) => onNote(text, "info");
  await using _lock = await lockDev(name, { signal, purpose: "starting it", onNote: tell });
  const running = await settleState(name, tell);
  if (running !== undefined) {
    const why = await resumeDev(running, signal);
    if (why !== undefined) tell(`Guest "${name}" was paused (${why}), and continues`);
    return alreadyUp(running);
  }
  const { flavour } = await requireDevGuest(name);
  checkPort(config.sshPort, name);
  const host = await findDevHost(options.accelerator, signal);
  options.onStep(`Start guest "${name}" (${host.accelerator}: ${host.reason})`);
  const parts = { host, flavour: await loadFlavour(flavour) };
  return await bootTwice(
    () => boot(options, parts),
    { console: devFile(name, "consoleLog") },
    onNote,
  );
}

function alreadyUp(record: DevRecord): StartedDev {
  return {
    ...{ record, wasUp: true, seconds: 0 },
    exited: new Promise(() => {}),
    release: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

interface Parts {
  readonly host: KeyedHost;
  readonly flavour: DevFlavour;
}

async function boot(options: StartDevOptions, parts: Parts): Promise<StartedDev> {
  const { config, signal } = options;
  const { name } = config;
  const clock = startClock();
  const sockets = await devSocketDir(name, "run", await ensureSocketDir());
  await ensurePrivateDir(sockets);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => removeAll(sockets));
  const share = await makeShare({
    ...shareRequest(config, options.hostDir, sockets),
    onNote: (text) => options.onNote(text, "info"),
    signal,
  });
  for (const note of share.notes) options.onNote(note, "warning");
  stack.defer(() => share.afterStop());
  const helpers = stack.use(await share.beforeStart());
  const plan = await devPlan(options, parts, share, sockets);
  const launched = stack.use(await launchDev(plan));
  const { guest } = launched;
  const { processes } = helpers;
  const record = { ...await toRecord(options, parts, guest, sockets), helpers: processes };
  // Recorded as soon as it runs; if this task is killed, the guest ends and the record is stale.
  stack.defer(() => clearRecord(record));
  await writeDevRecord({ ...record, starting: true });
  const ssh = stack.use(await plan.logIn(launched));
  const mount = configuredMount(config.share);
  if (mount !== undefined && !parts.flavour.bringsMount) {
    await ensureMounted(ssh, { guestDir: record.share.guestDir, mount, signal });
  }
  await share.afterStart(ssh);
  await writeDevRecord(record);
  const seconds = clock();
  const resources = stack.move();
  let released = false;
  return {
    ...{ record, wasUp: false, seconds, exited: guest.exited },
    async release() {
      for (const part of [helpers, ssh, guest]) await part.release();
      released = true;
      // Its QMP connection would keep the task alive.
      await guest[Symbol.asyncDispose]();
    },
    async [Symbol.asyncDispose]() {
      if (released) return;
      await using _lock = await acquireLock(devLock(name), { purpose: "ending it" });
      // If another task has restarted it in the meantime, its record and sockets have the same
      // paths.
      const current = await readDevRecord(name);
      if (current === undefined || current.qemu.pid === record.qemu.pid) {
        await resources.disposeAsync();
      }
    },
  };
}

/** The guest that is started; with `dryRun`, nothing is written for it. */
export async function devPlan(
  { config, display, signal }: StartDevOptions,
  { host, flavour }: Parts,
  share: Share,
  socketDir: string,
  dryRun = false,
) {
  const { name, sshPort } = config;
  const dir = devDir(name);
  return devGuest({
    ...{ config, host, dir, signal, share, socketDir, sshPort, display, reboots: true },
    boot: await flavour.boot({
      ...{ config, dir, signal, dryRun },
      keys: host.keys,
      guestIds: guestIds(),
      mount: configuredMount(config.share),
      screen: display !== undefined,
    }),
    logs: { console: devFile(name, "consoleLog"), qemu: devFile(name, "qemuLog") },
  });
}

/** The input of a share, from the config and the host's directory. */
export function shareRequest(config: DevConfig, hostDir: string, socketDir: string) {
  return {
    ...{ config, hostDir, socketDir },
    guestDir: `/${config.share.name}`,
    hostIds: hostIds(),
    guestIds: guestIds(),
    log: devFile(config.name, "qemuLog"),
  };
}

async function toRecord(
  { config, hostDir }: StartDevOptions,
  { host, flavour }: Parts,
  guest: Guest,
  sockets: string,
): Promise<Omit<DevRecord, "helpers">> {
  return {
    name: config.name,
    flavour: flavour.name,
    qemu: await recordProcess(guest.pid),
    bootId: await bootId(),
    since: new Date().toISOString(),
    sshPort: guest.sshPort ?? config.sshPort,
    user: config.user,
    socketDir: sockets,
    qmpSocket: qmpSocketPath(sockets),
    consoleSocket: join(sockets, DEV_SOCKETS.console),
    sshSocket: join(sockets, DEV_SOCKETS.ssh),
    accelerator: host.accelerator,
    memoryMiB: config.memoryMiB,
    cores: config.cores,
    share: {
      mode: config.share.mode,
      hostDir,
      guestDir: `/${config.share.name}`,
      readOnly: config.share.readOnly,
    },
  };
}
