import { join } from "@std/path";
import { TaskError } from "../base/errors.ts";
import { type Snapshot, snapshotPaths } from "./snapshots.ts";
import { GuestPort } from "../guest/port.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { systemOf } from "../image/platform/systems.ts";
import { saveState } from "../qemu/migrate.ts";
import { settlesWithin } from "../base/time/wait.ts";
import { startClock } from "../base/time/clock.ts";
import type { LogFiles } from "../base/files/log_files.ts";
import { bootTwice, connectGuest } from "../guest/connect_guest.ts";
import {
  type GuestHost,
  type GuestRequest,
  type LaunchedGuest,
  launchGuest,
} from "./launch_guest.ts";
import {
  BootFailed,
  ensureSaved,
  type OnNote,
  type SnapshotUser,
  startFromSnapshot,
} from "./from_snapshot.ts";
import { hostTime } from "../guest/host_time.ts";
import { resumeState } from "./resume_state.ts";
import { snapshotRecipe } from "./snapshot_recipe.ts";

/** What {@link startWarm} takes. */
export interface WarmOptions extends GuestRequest {
  /** How long a boot may take until a command is answered. */
  readonly bootMs: number;
  readonly onNote: OnNote;
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

/** How long a restored guest may take to let somebody log in, under TCG. */
const LOGIN_MS = 40_000;
/** How long a guest may take to get ready for being saved, and QEMU to save it. */
const SAVE_MS = 60_000;
/**
 * Starts a guest from the snapshot that fits it exactly; makes that snapshot first if there is
 * none. `undefined` when that cannot be done, which is told by `onNote`: the guest must boot then.
 */
export async function startWarm(
  options: WarmOptions,
  host: GuestHost,
): Promise<WarmGuest | undefined> {
  return await startFromSnapshot(snapshotUser(options, host));
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
  const recipe = await snapshotRecipe(request, host);
  return await ensureSaved({ name: request.platform.name, recipe }, async (reasons) => {
    const logs = await start(reasons);
    const onNote = (text: string) => logs.write(`== ${text}\n`);
    return snapshotUser({ ...request, logs, onNote }, host);
  });
}

/** A build guest as one that can come from snapshots. */
function snapshotUser(options: WarmOptions, host: GuestHost): SnapshotUser<WarmGuest> {
  const { platform, image, memoryMiB, cores, signal, onNote } = options;
  return {
    ...{ name: platform.name, signal, onNote },
    facts: { imageDir: image.dir, memoryMiB, cores },
    recipe: () => snapshotRecipe(options, host),
    restore: (snapshot, start, clock) => restore(snapshot, options, host, start, clock),
    save: (dir) => bootTwice(() => bootAndSave(dir, options, host), onNote),
  };
}

async function restore(
  snapshot: Snapshot,
  options: WarmOptions,
  host: GuestHost,
  start: "warm" | "cold",
  clock: () => number,
): Promise<WarmGuest> {
  const { platform, onNote } = options;
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
  const signal = AbortSignal.any([options.signal, launched.failed]);
  times.launched = clock();
  const port = stack.use(await GuestPort.connect(launched.portSocket, name));
  await resumeState(guest, {
    ...{ state: snapshot.state, socketDir: run.socketDir, signal },
    onLoaded: () => times.loaded = clock(),
    async correct(wait) {
      await port.ask(resumeRequest(), "resumed", wait);
      times.corrected = clock();
    },
  });
  const ssh = stack.use(
    await connectGuest({
      ...{ guest, run, signal },
      keys: host.keys,
      user: platform.ssh.user,
      deadlineMs: LOGIN_MS,
      proxied: options.network !== "open",
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

/** Boots the guest once, brings it to rest and saves it. */
async function bootAndSave(
  dir: string,
  options: WarmOptions,
  host: GuestHost,
): Promise<void> {
  const { platform } = options;
  const { name } = platform;
  const { commands, seeds } = systemOf(platform);
  const paths = snapshotPaths(dir);
  const clock = startClock();
  const times: Record<string, number> = {};
  await Deno.remove(paths.memory).catch(() => {});
  {
    await using launched = await launchGuest(
      // The build cache is of one project; the snapshot is for all.
      { ...options, network: "none", sshPort: 0, cacheDisk: undefined },
      host,
      {
        overlay: paths.disk,
        memoryFile: { path: paths.memory, mode: "write" },
        extraSeed: await seeds.resume(),
      },
    );
    const { run, guest } = launched;
    const signal = AbortSignal.any([options.signal, launched.failed]);
    const login = { guest, run, signal, keys: host.keys, user: platform.ssh.user };
    const runOnce = async (argv: readonly string[], connecting: Promise<SshConnection>) => {
      await using ssh = await connecting;
      const { code } = await ssh.exec(argv, { signal });
      if (code === 0) return;
      throw new TaskError(4, `guest "${name}" cannot run ${argv[0]}: status ${code}`);
    };
    const booting = connectGuest({ ...login, deadlineMs: options.bootMs }).catch(async (cause) => {
      // QEMU gets this signal when its memory file finds no room on the disk.
      const noRoom = launched.failed.aborted ||
        (await settlesWithin(guest.exited, 0)) === "settled" &&
          (await guest.exited).code === 128 + SIGBUS;
      throw noRoom ? cause : new BootFailed("boot", { cause });
    });
    await runOnce(commands.startService(seeds.resumeService), booting);
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
  options.onNote(`snapshot: ${JSON.stringify(times)}`, "info");
}

const SIGBUS = 7;

/** What every build begins with. Compilers gain nothing: their files are read quickly enough. */
const WARM_UP = "! command -v rsync || rsync --version";
