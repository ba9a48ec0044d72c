import { join } from "@std/path";
import { devCommands } from "./state/dev_commands.ts";
import type { LogFiles } from "../base/files/log_files.ts";
import { startClock } from "../base/time/clock.ts";
import { syncPath } from "../base/files/atomic_write.ts";
import { ensureSocketDir } from "../base/files/private_dir.ts";
import { publish } from "../store/publish.ts";
import { powerOffOverSsh } from "../guest/power_off.ts";
import { GuestError, UsageError } from "../base/errors.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import type { Guest } from "../qemu/launch.ts";
import { settlesWithin } from "../base/time/wait.ts";
import type { DevConfig, FlavourName } from "../config/dev_config.ts";
import { type DevFile, filesBelow, fileText, listDevFiles } from "./state/dev_files.ts";
import type { KeyedHost } from "../vm/host.ts";
import { devGuest, findDevHost, launchDev } from "./dev_guest.ts";
import type { DevFlavour, PrepareRequest } from "./flavour/flavour.ts";
import { loadFlavour } from "./load_flavour.ts";
import { findDevGuest, writeDevGuest } from "./guest_file.ts";
import { guestIds } from "./ids.ts";
import { DEV_FILES, DEV_SOCKETS, devDir, devSocketDir } from "./state/dev_paths.ts";
import { closeDir, makePrivateDir } from "./state/private.ts";
import { readTextIfPresent } from "../base/files/read_text.ts";
import { removeAll } from "../base/files/directories.ts";
import { lockStopped } from "./state/state.ts";

interface InitDevOptions {
  readonly config: DevConfig;
  readonly flavour: FlavourName;
  /** Destroy an existing guest. */
  readonly force: boolean;
  /** Build and download everything again, reuse nothing. */
  readonly fresh: boolean;
  readonly accelerator: AcceleratorChoice;
  readonly logs: Pick<LogFiles, "build" | "console" | "qemu">;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  /** Called with each line that the programs underneath print. */
  readonly log: (line: string) => void;
  readonly onNote: (text: string) => void;
}

interface InitDevOutcome {
  readonly seconds: number;
  /** The files of the previous guest. */
  readonly destroyed: readonly DevFile[];
}

/** More starts than any configuration needs, to stop one that always asks for another. */
const MOST_BOOTS = 4;
/** How much longer a first boot may take than later ones: disks grow, keys and caches are made. */
const FIRST_BOOT_FACTOR = 3;
/** How long a guest may take to shut down cleanly. */
const POWERDOWN_MS = 120_000;

/**
 * Creates the guest in a staging directory: its disk, a first boot, its configuration. An existing
 * guest stays intact until then; an interrupted run is resumed. Throws {@link UsageError}.
 */
export async function initDev(options: InitDevOptions): Promise<InitDevOutcome> {
  const { config, signal, onNote } = options;
  const { name } = config;
  const clock = startClock();
  await using _lock = await lockStopped(name, {
    ...{ signal, onNote, purpose: "making it", action: `create guest "${name}" again` },
  });
  const old = await refuseExisting(name, options.force);
  if (old.length > 0) {
    onNote(
      [
        `Guest "${name}" and the home of its user will be destroyed once its replacement is complete:`,
        ...old.map((file) => `  ${fileText(file)}`),
      ].join("\n"),
    );
  }
  const staging = join(devDir(name), DEV_FILES.staging);
  await openStaging(staging, options);
  if (await readTextIfPresent(join(staging, DEV_FILES.guest)) === undefined) {
    await makeGuest(staging, options);
    // A copied disk has the mode of the image, which is not secret.
    await closeDir(staging);
    // The record vouches for files that must survive a crash of the host.
    for (const { path } of await filesBelow(staging)) await syncPath(path);
    const created = new Date().toISOString();
    await writeDevGuest(staging, { name, flavour: options.flavour, created });
  }
  await givePlace(name, staging);
  return { seconds: clock(), destroyed: old };
}

/** The files of an existing guest. Throws {@link UsageError} unless they may be destroyed. */
export async function refuseExisting(name: string, force: boolean): Promise<readonly DevFile[]> {
  if (await findDevGuest(name) === undefined) return [];
  const files = await listDevFiles(name);
  if (force) return files;
  throw new UsageError(`Cannot make guest "${name}": there is one already`, {
    details: [
      "with --force these are destroyed, including the home of its user:",
      ...files.map(fileText),
    ],
    next: "deno task arm-dev to start it, or deno task arm-dev-init --force to create another",
  });
}

/** What a staging directory is for; another purpose needs an empty one. */
const PURPOSE = "init.json";

async function openStaging(staging: string, { config, flavour }: InitDevOptions): Promise<void> {
  const purpose = `${JSON.stringify({ flavour, diskGiB: config.diskGiB, user: config.user })}\n`;
  const path = join(staging, PURPOSE);
  if (await readTextIfPresent(path) !== purpose) {
    await removeAll(staging);
  }
  await makePrivateDir(staging);
  await closeDir(staging);
  await Deno.writeTextFile(path, purpose);
}

async function makeGuest(staging: string, options: InitDevOptions): Promise<void> {
  const { config, signal, onStep, log } = options;
  const flavour = await loadFlavour(options.flavour);
  const host = await findDevHost(options.accelerator, signal);
  const request: PrepareRequest = {
    ...{ config, signal, onStep, log },
    dir: staging,
    keys: host.keys,
    guestIds: guestIds(),
    mount: undefined,
    force: options.fresh,
  };
  await flavour.prepare(request);
  for (let round = 1; round <= MOST_BOOTS; round++) {
    signal.throwIfAborted();
    onStep(round === 1 ? "first boot" : `boot ${round}`);
    const blind = flavour.firstBootWithoutSsh && round === 1;
    const outcome = await bootOnce(flavour, { ...options, host, request, blind });
    // Without a login, it is not certain that the guest works.
    if (outcome === "done" && !blind) return;
  }
  throw new GuestError(
    `Cannot make guest "${config.name}": its configuration asks for another ` +
      `start after ${MOST_BOOTS}`,
    { details: [`log: ${options.logs.build}`] },
  );
}

interface BootOnce extends InitDevOptions {
  readonly host: KeyedHost;
  readonly request: PrepareRequest;
  /** Whether logins are not possible yet. */
  readonly blind: boolean;
}

/** One start of the guest that is being created, on a free port, until its clean shutdown. */
async function bootOnce(flavour: DevFlavour, options: BootOnce) {
  const { config, host, request, signal, logs, onStep } = options;
  const sockets = await devSocketDir(config.name, "init", await ensureSocketDir());
  await using stack = new AsyncDisposableStack();
  stack.defer(() => removeAll(sockets));
  const plan = devGuest({
    config: { ...config, bootMs: config.bootMs * FIRST_BOOT_FACTOR },
    ...{ host, signal },
    boot: await flavour.boot(request),
    dir: request.dir,
    socketDir: sockets,
    logs: { console: logs.console, qemu: logs.qemu },
    sshPort: 0,
    reboots: false,
  });
  const launched = stack.use(await launchDev(plan));
  const { guest } = launched;
  const ssh = options.blind ? undefined : stack.use(await plan.logIn(launched));
  const consoleSocket = join(sockets, DEV_SOCKETS.console);
  const { exited } = guest;
  const outcome = await flavour.firstBoot(
    { ssh, consoleSocket, consoleLog: logs.console, exited },
    request,
  );
  onStep("shut down");
  if (ssh !== undefined) await powerOffOverSsh(ssh, devCommands);
  await endInOrder(guest, ssh !== undefined, signal);
  return outcome;
}

/** All writes must be on the disk, so a guest that has to be killed is not complete. */
async function endInOrder(guest: Guest, asked: boolean, signal: AbortSignal): Promise<void> {
  if (!asked) await guest.qmp.execute("system_powerdown").catch(() => {});
  const end = await settlesWithin(guest.exited, POWERDOWN_MS);
  signal.throwIfAborted();
  if (end === "settled") return;
  throw new GuestError(
    `Cannot make guest "${guest.name}": it did not shut down within ${POWERDOWN_MS / 1000} s`,
    { details: [`console: ${guest.logs.console}`], next: "deno task arm-dev-init" },
  );
}

/** Moves the finished guest to its place. If it is killed half-way, the next init resumes. */
async function givePlace(name: string, staging: string): Promise<void> {
  const dir = devDir(name);
  const move = (file: string) => ({ from: join(staging, file), to: join(dir, file) });
  const names = await Array.fromAsync(Deno.readDir(staging), ({ name }) => name);
  const files = names.filter((name) => name !== DEV_FILES.guest && name !== PURPOSE);
  await publish(files.map(move), {
    withdraw: join(dir, DEV_FILES.guest),
    vouch: () => publish([move(DEV_FILES.guest)]),
  });
  await Deno.remove(staging, { recursive: true });
}
