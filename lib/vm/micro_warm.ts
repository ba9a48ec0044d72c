import { basename, join } from "@std/path";
import { GuestError } from "../base/errors.ts";
import { AgentClient } from "../guest/agent/client.ts";
import { type Snapshot, snapshotPaths } from "./snapshots.ts";
import { imagesDir } from "../base/files/paths.ts";
import { partDigest } from "../image/parts/part_store.ts";
import { saveState } from "../qemu/migrate.ts";
import { bootMicro } from "./boot_micro.ts";
import { BootFailed, type OnNote, type SnapshotUser, startFromSnapshot } from "./from_snapshot.ts";
import { hostTime } from "../guest/host_time.ts";
import { launchMicro, type MicroHost, microName, type MicroRequest } from "./micro_launch.ts";
import type { MicroVm } from "./boot_micro.ts";
import { microRecipe, WARM_UP } from "./micro_recipe.ts";
import { resumeState } from "./resume_state.ts";

/** How long a guest may take to get ready for being saved, and QEMU to save it. */
const SAVE_MS = 60_000;

/**
 * Starts a microVM from the snapshot that fits it exactly, which is made first if there is none.
 * `undefined` when that cannot be done, which is told by `onNote`: it must boot then.
 */
export async function startMicroWarm(
  request: MicroRequest,
  host: MicroHost,
  onNote: OnNote,
): Promise<MicroVm | undefined> {
  const { memoryMiB, cores, signal } = request;
  const user: SnapshotUser<MicroVm> = {
    ...{ name: microName(request), signal, onNote },
    facts: { imageDir: imagesDir(), memoryMiB, cores },
    recipe: () => microRecipe(request, host),
    restore: (snapshot, start, clock) => restore(snapshot, request, host, start, clock),
    save: (dir) => bootAndSave(dir, request, host, onNote),
  };
  return await startFromSnapshot(user);
}

async function restore(
  snapshot: Snapshot,
  request: MicroRequest,
  host: MicroHost,
  start: "cold" | "warm",
  clock: () => number,
): Promise<MicroVm> {
  const { logs } = request;
  const name = microName(request);
  await using stack = new AsyncDisposableStack();
  stack.use(snapshot);
  const launched = stack.use(
    await launchMicro(request, host, {
      backing: snapshot.disk,
      beginning: "incoming",
      memoryFile: { path: snapshot.memory, mode: "private" },
    }),
  );
  const { guest, failed } = launched;
  const signal = AbortSignal.any([request.signal, failed]);
  // Its memory remembers blocks of that very disk; QEMU has it open by now, whoever replaces it.
  await checkFiles(host, ["disk"], `Cannot start guest "${name}" warm`);
  let agent: AgentClient | undefined;
  await resumeState(guest, {
    ...{ state: snapshot.state, socketDir: launched.socketDir, signal },
    async correct({ timeoutMs, signal }) {
      const how = { name, console: logs.console, timeoutMs, signal };
      agent = stack.use(await AgentClient.connect(launched.agentSocket, how));
      await agent.setClock(hostTime(), { timeoutMs, signal });
    },
  });
  if (agent === undefined) throw new GuestError(`Cannot reach the agent of guest "${name}"`);
  const bootSeconds = clock();
  const resources = stack.move();
  return {
    ...{ guest, failed, agent, start, bootSeconds, kernel: host.files.kernelChoice },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Fails if a file is another one than that whose digest is in the name of the snapshot. */
export async function checkFiles(
  { files }: Pick<MicroHost, "files">,
  which: readonly (keyof MicroHost["files"]["digests"])[],
  what: string,
): Promise<void> {
  for (const kind of which) {
    if (await partDigest(basename(files[kind])) === files.digests[kind]) continue;
    throw new GuestError(`${what}: its ${kind} is being replaced`);
  }
}

/** Boots a microVM, lets it read what every start needs, and saves it at rest. */
async function bootAndSave(
  dir: string,
  request: MicroRequest,
  host: MicroHost,
  onNote: OnNote,
): Promise<void> {
  const { variant } = request;
  const name = microName(request);
  const paths = snapshotPaths(dir);
  {
    await using launched = await bootMicro(request, host, {
      overlay: paths.disk,
      memoryFile: { path: paths.memory, mode: "write" },
    }).catch((cause) => {
      // What the console names would befall any other boot; a full disk would not.
      throw isNamed(cause) ? new BootFailed("boot", { cause }) : cause;
    });
    // What was replaced before QEMU had it open went into the guest under the former one's digest.
    await checkFiles(host, ["kernel", "initramfs", "disk"], `Cannot save guest "${name}"`);
    const { agent, guest } = launched;
    const signal = AbortSignal.any([request.signal, launched.failed]);
    for (const argv of [...WARM_UP[variant], ["sync"]]) {
      const { code } = await agent.exec({ argv, signal, timeoutMs: SAVE_MS });
      if (code !== 0) throw new GuestError(`guest "${name}" cannot run ${argv[0]}: status ${code}`);
    }
    // The port must be closed in the saved state, as it is when a guest comes from it.
    agent.close();
    await agent.closed;
    await guest.qmp.execute("stop", undefined, { signal });
    await saveState(guest.qmp, {
      ...{ name, signal, path: paths.state, deadlineMs: SAVE_MS },
      socketPath: join(launched.socketDir, "state"),
    });
    launched.releaseOverlay();
    onNote(`snapshot: booted in ${launched.bootSeconds.toFixed(1)} s`, "info");
  }
}

/** Whether a cause that the console names is behind an error. */
function isNamed(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error.cause as { kind?: unknown } | undefined)?.kind !== undefined ||
    isNamed(error.cause);
}
