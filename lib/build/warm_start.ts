import { join } from "@std/path";
import { TaskError } from "../cli/errors.ts";
import type { Recipe } from "../cache/recipe.ts";
import {
  commitSnapshot,
  dropSnapshot,
  findSnapshot,
  haveGuestFrom,
  listSnapshots,
  type Snapshot,
  snapshotPaths,
} from "../guest/snapshots.ts";
import { makeStaging, removeStagings, savingLock } from "../guest/stagings.ts";
import { GuestPort } from "../guest/port.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { acquireLock } from "../host/lock.ts";
import { root } from "../host/paths.ts";
import { directory, file, packCpio } from "../image/cpio.ts";
import { loadState, saveState } from "../qemu/migrate.ts";
import { settlesWithin } from "../qemu/wait.ts";
import { startClock } from "./clock.ts";
import type { LogFiles } from "./log_files.ts";
import { bootTwice, connectGuest } from "./connect.ts";
import {
  type GuestHost,
  type GuestRequest,
  type LaunchedGuest,
  launchGuest,
} from "./launch_guest.ts";
import { hostTime } from "./host_time.ts";
import { RESUME, snapshotRecipe } from "./snapshot_recipe.ts";

/** What {@link startWarm} takes. */
export interface WarmOptions extends GuestRequest {
  /** How long a boot may take until a command is answered. */
  readonly bootMs: number;
  /** Told how the start goes; `warning` where something has to be done another way. */
  readonly onNote: (text: string, level: "info" | "warning") => void;
}

/** A guest that came from a snapshot and answers. */
export interface WarmGuest extends AsyncDisposable {
  readonly launched: LaunchedGuest;
  /** To its resume service. */
  readonly port: GuestPort;
  readonly ssh: SshConnection;
  /** `cold` where the snapshot had to be made first, which takes a boot. */
  readonly start: "cold" | "warm";
  readonly bootSeconds: number;
}

/** The boot before the save failed, as any other would. */
class BootFailed extends Error {}

/** How long a guest may take until its state is loaded and it has been corrected, under TCG. */
const RESTORE_MS = 15_000;
/** How long QEMU may take to end once it has closed its connections. */
const ENDING_MS = 500;
/** How long a restored guest may take to let somebody log in, under TCG. */
const LOGIN_MS = 20_000;
/** How long a guest may take to get ready for being saved, and QEMU to save it. */
const SAVE_MS = 60_000;
/** What snapshots may take on disk together before those that were not used for longest go. */
const LIMIT_BYTES = 6 * 2 ** 30;

/**
 * Starts a guest from the snapshot that fits it exactly; makes that snapshot first if there is
 * none. `undefined` when that cannot be done, which is told by `onNote`: the guest must boot then.
 * Throws only the reason of the signal and what a boot would not survive either.
 */
export async function startWarm(
  options: WarmOptions,
  host: GuestHost,
): Promise<WarmGuest | undefined> {
  const { platform, signal, onNote } = options;
  const clock = startClock();
  if (!SNAPSHOTS_WORK) {
    onNote(`start: cold, since ${NO_SNAPSHOTS}`, "info");
    return undefined;
  }
  try {
    const recipe = await snapshotRecipe(options, host);
    const found = await useSnapshot(recipe, options);
    if (found !== undefined) return await restoreOrDrop(found, options, host, "warm", clock);
    const made = await makeSnapshot(recipe, options, host);
    return await restoreOrDrop(made, options, host, "cold", clock);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BootFailed) throw error.cause;
    if (!isSurvivable(error)) throw error;
    onNote(`Cannot start "${platform.name}" warm, so it boots: ${describe(error)}`, "warning");
    return undefined;
  }
}

/**
 * Makes sure that there is a snapshot. `start` is called if one has to be saved, with why, and
 * gives the logs of the boot. Returns whether one was saved.
 */
export async function ensureSnapshot(
  request: Omit<WarmOptions, "logs" | "onNote">,
  host: GuestHost,
  start: (reasons: readonly string[]) => Promise<LogFiles>,
): Promise<boolean> {
  if (!SNAPSHOTS_WORK) throw new TaskError(3, NO_SNAPSHOTS);
  const recipe = await snapshotRecipe(request, host);
  const found = await findSnapshot(request.platform.name, recipe);
  if (found.kind === "found") {
    await found.snapshot[Symbol.asyncDispose]();
    return false;
  }
  const logs = await start(found.kind === "none" ? found.reasons : [found.reason]);
  const onNote = (text: string) => logs.write(`== ${text}\n`);
  try {
    await using _snapshot = await makeSnapshot(recipe, { ...request, logs, onNote }, host);
    return true;
  } catch (error) {
    if (error instanceof BootFailed) throw error.cause;
    if (error instanceof TaskError || !isSurvivable(error)) throw error;
    throw new TaskError(1, describe(error), { cause: error });
  }
}

const SNAPSHOTS_WORK = Deno.build.os === "linux";
const NO_SNAPSHOTS = "snapshots need a memory file, which QEMU has on Linux";

async function useSnapshot(recipe: Recipe, options: WarmOptions): Promise<Snapshot | undefined> {
  const { platform, onNote } = options;
  const found = await findSnapshot(platform.name, recipe);
  if (found.kind === "found") return found.snapshot;
  if (found.kind === "damaged") {
    onNote(
      `The snapshot of "${platform.name}" is of no use and removed: ${found.reason}`,
      "warning",
    );
  } else {
    onNote(`snapshot: none fits (${found.reasons.join(", ")})`, "info");
  }
  return undefined;
}

async function restoreOrDrop(
  snapshot: Snapshot,
  options: WarmOptions,
  host: GuestHost,
  start: "warm" | "cold",
  clock: () => number,
): Promise<WarmGuest> {
  try {
    return await restore(snapshot, options, host, start, clock);
  } catch (error) {
    await snapshot[Symbol.asyncDispose]();
    if (!options.signal.aborted && isSurvivable(error)) await dropSnapshot(snapshot.dir);
    throw error;
  }
}

async function restore(
  snapshot: Snapshot,
  options: WarmOptions,
  host: GuestHost,
  start: "warm" | "cold",
  clock: () => number,
): Promise<WarmGuest> {
  const { platform, signal, onNote } = options;
  const { name } = platform;
  const times: Record<string, number> = {};
  await using stack = new AsyncDisposableStack();
  stack.use(snapshot);
  const launched = stack.use(
    await launchGuest(options, host, {
      backing: snapshot.disk,
      beginning: { kind: "incoming" },
      memoryFile: { path: snapshot.memory, mode: "private" },
    }),
  );
  const { run, guest } = launched;
  times.launched = clock();
  const port = stack.use(await GuestPort.connect(launched.portSocket, name));
  try {
    const wait = { timeoutMs: RESTORE_MS, signal };
    await loadState(guest.qmp, {
      ...{ name, signal },
      path: snapshot.state,
      socketPath: join(run.socketDir, "state"),
      deadlineMs: RESTORE_MS,
    });
    times.loaded = clock();
    await guest.qmp.execute("cont", undefined, wait);
    await port.ask(resumeRequest(), "resumed", wait);
    times.corrected = clock();
  } catch (error) {
    signal.throwIfAborted();
    // QEMU ends when it cannot load a state, and says why.
    if (await settlesWithin(guest.exited, ENDING_MS) === "late") throw error;
    const { output } = await guest.exited;
    throw new TaskError(4, "QEMU has ended", { details: output, cause: error });
  }
  const ssh = stack.use(
    await connectGuest({
      ...{ guest, run, signal },
      keys: host.keys,
      user: platform.ssh.user,
      deadlineMs: LOGIN_MS,
      announced: true,
    }),
  );
  await launched.record;
  const bootSeconds = clock();
  onNote(`restored: ${JSON.stringify({ ...times, connected: bootSeconds })}`, "info");
  const resources = stack.move();
  return {
    ...{ launched, port, ssh, start, bootSeconds },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The host's time, and 64 bytes that nobody else has. */
function resumeRequest(): string {
  const { seconds, nanoseconds, entropy } = hostTime();
  return `resume ${seconds} ${nanoseconds} ${entropy.toHex()}`;
}

/**
 * Boots the guest once, brings it to rest and saves it. Of several tasks that want the same
 * snapshot one makes it, and the others wait.
 */
async function makeSnapshot(
  recipe: Recipe,
  options: WarmOptions,
  host: GuestHost,
): Promise<Snapshot> {
  const { platform, signal, onNote } = options;
  const lock = { signal, purpose: "save a snapshot" };
  await using _lock = await acquireLock(savingLock(platform.name), lock);
  const again = await findSnapshot(platform.name, recipe);
  if (again.kind === "found") return again.snapshot;
  await removeStagings(platform.name);
  const clock = startClock();
  await using staging = await makeStaging(platform.name);
  await bootTwice(() => bootAndSave(staging.dir, options, host), onNote);
  await commitSnapshot(staging.dir, recipe, {
    platform: platform.name,
    imageDir: options.image.dir,
    memoryMiB: options.memoryMiB,
    cores: options.cores,
  });
  onNote(`snapshot: saved in ${clock().toFixed(1)} s`, "info");
  const found = await findSnapshot(platform.name, recipe);
  if (found.kind !== "found") throw new TaskError(1, "the snapshot that was just saved is gone");
  await evict(found.snapshot.dir);
  return found.snapshot;
}

async function bootAndSave(
  dir: string,
  options: WarmOptions,
  host: GuestHost,
): Promise<void> {
  const { platform, signal } = options;
  const { name } = platform;
  const paths = snapshotPaths(dir);
  const clock = startClock();
  const times: Record<string, number> = {};
  await Deno.remove(paths.memory).catch(() => {});
  {
    await using launched = await launchGuest(
      // The build cache is of one project; the snapshot is for all.
      { ...options, sshPort: 0, cacheDisk: undefined },
      host,
      {
        overlay: paths.disk,
        memoryFile: { path: paths.memory, mode: "write" },
        extraSeed: await packResume(),
      },
    );
    const { run, guest } = launched;
    const login = { guest, run, signal, keys: host.keys, user: platform.ssh.user };
    const runOnce = async (argv: readonly string[], connecting: Promise<SshConnection>) => {
      await using ssh = await connecting;
      const { code } = await ssh.exec(argv, { signal });
      if (code === 0) return;
      throw new TaskError(4, `guest "${name}" cannot run ${argv[0]}: status ${code}`);
    };
    const booting = connectGuest({ ...login, deadlineMs: options.bootMs }).catch(async (cause) => {
      // QEMU gets this signal when its memory file finds no room on the disk.
      const noRoom = (await settlesWithin(guest.exited, 0)) === "settled" &&
        (await guest.exited).code === 128 + SIGBUS;
      throw noRoom ? cause : new BootFailed("boot", { cause });
    });
    await runOnce(["sudo", "-n", "systemctl", "start", "guesthouse-resume"], booting);
    times.booted = clock();
    using port = await GuestPort.connect(launched.portSocket, name);
    const wait = { timeoutMs: SAVE_MS, signal };
    await port.ask("quiesce", "quiesced", wait);
    // What every build needs is better in memory than to be read again from the disk each time.
    const again = connectGuest({ ...login, deadlineMs: LOGIN_MS, announced: true });
    await runOnce(["sh", "-c", WARM_UP], again);
    await port.ask("settle", "settled", wait);
    times.quiesced = clock();
    await guest.qmp.execute("stop", undefined, { signal });
    await saveState(guest.qmp, {
      name,
      path: paths.state,
      socketPath: join(run.socketDir, "state"),
      deadlineMs: SAVE_MS,
      signal,
    });
    launched.releaseOverlay();
    times.saved = clock();
  }
  for (const path of [paths.memory, paths.disk]) {
    using file = await Deno.open(path, { read: true });
    await file.sync();
  }
  options.onNote(`snapshot: ${JSON.stringify({ ...times, synced: clock() })}`, "info");
}

/** The resume service, as files that the initramfs copies into the root. */
async function packResume(): Promise<Uint8Array<ArrayBuffer>> {
  const unit = [
    "[Unit]",
    "Description=Save and resume",
    "DefaultDependencies=no",
    "Conflicts=shutdown.target",
    "[Service]",
    "Type=exec",
    "ExecStartPre=/sbin/modprobe virtio_console",
    "ExecStart=/usr/local/sbin/guesthouse-resume",
    "StandardError=tty",
    "TTYPath=/dev/console",
    "",
  ].join("\n");
  const folders = ["seed", "seed/usr", "seed/usr/local", "seed/usr/local/sbin"];
  return packCpio([
    ...[...folders, "seed/etc", "seed/etc/systemd", "seed/etc/systemd/system"].map((path) =>
      directory(path)
    ),
    file(
      "seed/usr/local/sbin/guesthouse-resume",
      await Deno.readTextFile(join(root, RESUME)),
      0o755,
    ),
    file("seed/etc/systemd/system/guesthouse-resume.service", unit),
  ]);
}

const SIGBUS = 7;

/** What every build begins with. Compilers gain nothing: their files are read quickly enough. */
const WARM_UP = "! command -v rsync || rsync --version";

/** Removes the snapshots that were not used for longest until the rest is within the limit. */
async function evict(newest: string): Promise<void> {
  const snapshots = (await listSnapshots()).sort((a, b) => b.usedMs - a.usedMs);
  let bytes = 0;
  for (const { dir, bytes: own, manifest } of snapshots) {
    bytes += own;
    if (bytes <= LIMIT_BYTES || dir === newest || manifest === undefined) continue;
    if (await dropSnapshot(dir, () => haveGuestFrom(dir))) bytes -= own;
  }
}

/** Whether a start without snapshots may still succeed. */
function isSurvivable(error: unknown): boolean {
  return error instanceof TaskError || error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.BrokenPipe ||
    (error instanceof Error &&
      /QmpConnectionError|QmpTimeoutError|QmpCommandError/.test(error.name)) ||
    isDiskFault(error);
}

/** A full disk, or one that only reads. */
function isDiskFault(error: unknown): boolean {
  return error instanceof Error && /os error (28|30|122)\b/.test(error.message);
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const details = error instanceof TaskError ? error.details.slice(-4) : [];
  return [message, ...details].join("; ");
}
