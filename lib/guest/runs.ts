import { join } from "@std/path";
import { z } from "zod";
import { atomicWrite } from "../base/files/atomic_write.ts";
import { readJson } from "../base/files/read_json.ts";
import { NETWORK_MODES } from "../config/network.ts";
import { dirNames, exists } from "../base/files/directories.ts";
import { tryLock } from "../base/files/lock.ts";
import { RUN_FILES, runsDir, SOCKET_OWNER, socketDirs } from "../base/files/paths.ts";
import { ensurePrivateDir, ensureSocketDir } from "../base/files/private_dir.ts";
import { processStartTime } from "../base/process/start_time.ts";
import { sendSignal } from "../base/process/send_signal.ts";

const recordSchema = z.object({
  /** `PLATFORM-RANDOM`; names the run's directory, too. */
  id: z.string(),
  platform: z.string(),
  /** With the start time, QEMU's pid identifies one process. Below 1 kill(2) would mean groups. */
  pid: z.int().positive(),
  startTime: z.string(),
  sshPort: z.int().nonnegative(),
  user: z.string(),
  imageDir: z.string(),
  /** Its sockets: a later task may have another `XDG_RUNTIME_DIR`. Older versions record none. */
  socketDir: z.string().optional(),
  /** The frozen overlay of the snapshot that it came from, if it came from one. */
  backing: z.string().optional(),
  accelerator: z.string(),
  memoryMiB: z.number().positive(),
  cores: z.int().positive(),
  /** What it may reach. Default: `open`, as guests of older versions are. */
  network: z.union([z.enum(NETWORK_MODES), z.array(z.string()).readonly()]).optional(),
  /** Whether the guest outlives the task that started it. */
  kept: z.boolean(),
  /** ISO 8601, UTC. */
  started: z.string(),
  console: z.string(),
  /** Directory of the project that was built in it, if one was. */
  project: z.string().optional(),
});

/** What is written down of a guest while it runs. */
export type RunRecord = Readonly<z.output<typeof recordSchema>>;

/** A run's own directory, locked while its task lives. */
export interface RunDir extends AsyncDisposable {
  readonly id: string;
  readonly dir: string;
  /** Path prefix of the run's sockets, in a directory whose path is short. */
  readonly socketDir: string;
  /** Leaves the directory behind when disposed: for a kept guest. */
  leave(): void;
}

/** Makes the directory of a new run, and removes those of runs that were killed. */
export async function createRun(platform: string): Promise<RunDir> {
  await sweepRuns();
  const { id, dir, lock } = await claimDir(platform);
  const sockets = join(await ensureSocketDir(), id);
  await ensurePrivateDir(sockets);
  await Deno.writeTextFile(join(sockets, SOCKET_OWNER), dir);
  let left = false;
  return {
    id,
    dir,
    socketDir: sockets,
    leave: () => void (left = true),
    async [Symbol.asyncDispose]() {
      if (!left) await removeRun(id);
      await lock[Symbol.asyncDispose]();
    },
  };
}

/** A sweeping task may find the directory before it is locked; then a new one is created. */
async function claimDir(platform: string) {
  while (true) {
    const id = `${platform}-${crypto.randomUUID().slice(0, 8)}`;
    const dir = join(runsDir(), id);
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    const lock = await tryLock(join(dir, RUN_FILES.lock), { purpose: platform });
    if (lock !== undefined) return { id, dir, lock };
  }
}

/** Writes a run's record. */
export async function writeRecord(record: RunRecord): Promise<void> {
  const path = join(runsDir(), record.id, RUN_FILES.record);
  await atomicWrite(path, `${JSON.stringify(record, null, 2)}\n`);
}

/** All recorded guests, including those that have ended since. */
export async function listRecords(): Promise<RunRecord[]> {
  return (await Promise.all((await runIds()).map(readRecord))).filter((one) => one !== undefined);
}

/** Running guests, oldest first. */
export async function listRuns(): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for (const record of await listRecords()) if (await isAlive(record)) records.push(record);
  return records.sort((a, b) => a.started < b.started ? -1 : 1);
}

/** The guest of a platform that was left running with `--keep`, the newest if there are several. */
export async function findKept(platform: string): Promise<RunRecord | undefined> {
  const runs = await listRuns();
  return runs.findLast((run) => run.kept && run.platform === platform);
}

/** Whether a record's QEMU is still running, and is the same process. */
export async function isAlive(record: RunRecord): Promise<boolean> {
  return await processStartTime(record.pid) === record.startTime;
}

/** Removes a run's directory and sockets. */
export async function removeRun(id: string): Promise<void> {
  for (const dir of await socketsOf(id)) {
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  }
  await Deno.remove(join(runsDir(), id), { recursive: true }).catch(() => {});
}

/** A run that is no longer needed. */
interface LeftRun {
  readonly id: string;
  /** Why it is not needed. */
  readonly why: string;
  /** Its guest, if that has outlived its task without being kept. */
  readonly orphan?: RunRecord;
}

/** Runs whose task is gone, unless their guest is kept and running; each locked until the next. */
export async function* leftRuns(): AsyncGenerator<LeftRun> {
  for (const id of await runIds()) {
    const lock = await tryLock(join(runsDir(), id, RUN_FILES.lock)).catch(() => undefined);
    if (lock === undefined) continue;
    await using _lock = lock;
    const record = await readRecord(id);
    if (record === undefined) {
      yield { id, why: "its task is gone, and it has no guest" };
    } else if (!await isAlive(record)) {
      const whose = record.kept ? "its kept guest" : "its task is gone, and its guest";
      yield { id, why: `${whose} has ended` };
    } else if (!record.kept) {
      yield { id, why: `its task is gone, and QEMU (pid ${record.pid}) is not`, orphan: record };
    }
  }
}

/** Ends and removes what {@link leftRuns} has found, while that has it locked. */
export async function removeLeft({ id, orphan }: LeftRun): Promise<void> {
  // Its supervisor was killed together with the task, so nothing else will end it.
  if (orphan !== undefined) await sendSignal(orphan.pid, "SIGKILL");
  await removeRun(id);
}

/** Removes all {@link leftRuns}. Returns their ids. */
export async function sweepRuns(): Promise<string[]> {
  const removed: string[] = [];
  for await (const left of leftRuns()) {
    await removeLeft(left);
    removed.push(left.id);
  }
  return removed;
}

/** Socket directories whose run is gone, without those of other checkouts. */
export async function leftSockets(): Promise<string[]> {
  const left: string[] = [];
  for (const dir of socketDirs()) {
    // Another user may have made it, and would keep this one waiting with a FIFO.
    const info = await Deno.lstat(dir).catch(() => undefined);
    if (!info?.isDirectory || info.uid !== Deno.uid()) continue;
    for (const id of await dirNames(dir).catch(() => [])) {
      const owner = await Deno.readTextFile(join(dir, id, SOCKET_OWNER)).catch(() => "");
      const runDir = join(runsDir(), id);
      // The run's directory is the first of the two that is made, and the last that is removed.
      if (owner === runDir && !await exists(runDir)) left.push(join(dir, id));
    }
  }
  return left;
}

/** Where the sockets of a run may be. */
export async function socketsOf(id: string): Promise<string[]> {
  const recorded = (await readRecord(id))?.socketDir;
  const usual = socketDirs().map((dir) => join(dir, id));
  return recorded === undefined ? usual : [recorded];
}

async function readRecord(id: string): Promise<RunRecord | undefined> {
  const path = join(runsDir(), id, RUN_FILES.record);
  const record = await readJson(path, recordSchema).catch(() => undefined);
  return record?.id === id ? record : undefined;
}

/** Ids of all runs, those that are over included. */
export const runIds = (): Promise<string[]> => dirNames(runsDir());
