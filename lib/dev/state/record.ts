import { z } from "zod";
import { atomicWrite } from "../../base/files/atomic_write.ts";
import { readJson } from "../../base/files/read_json.ts";
import { processStartTime } from "../../base/process/start_time.ts";
import { FLAVOURS, SHARE_MODES } from "../../config/dev_names.ts";
import { devDir, devFile } from "./dev_paths.ts";
import { makePrivateDir } from "./private.ts";

const processSchema = z.object({
  /** A pid below 1 would mean whole groups of processes to kill(2). */
  pid: z.int().positive(),
  /** From `processStartTime()`: with the pid it identifies one process. */
  startTime: z.string(),
  /** Its command line, word by word. */
  command: z.array(z.string()).readonly(),
});

export type RecordedProcess = Readonly<z.output<typeof processSchema>>;

const recordSchema = z.object({
  name: z.string(),
  flavour: z.enum(FLAVOURS),
  qemu: processSchema.readonly(),
  /** Others that must end with it, such as virtiofsd, by name. */
  helpers: z.record(z.string(), processSchema.readonly()).readonly(),
  /** The host's boot in which it runs; a record of another boot is stale, whatever its pids are. */
  bootId: z.string(),
  /** ISO 8601, UTC. */
  since: z.string(),
  sshPort: z.int().nonnegative(),
  user: z.string(),
  socketDir: z.string(),
  qmpSocket: z.string(),
  consoleSocket: z.string(),
  /** The shared SSH connection. */
  sshSocket: z.string(),
  accelerator: z.string(),
  memoryMiB: z.number().positive(),
  cores: z.int().positive(),
  /** Whether nobody has logged in yet: the task that is starting it holds the guest's lock. */
  starting: z.boolean().optional(),
  share: z.object({
    mode: z.enum(SHARE_MODES),
    /** The directory on the host. */
    hostDir: z.string(),
    /** Where the guest finds it: `/NAME`. */
    guestDir: z.string(),
    readOnly: z.boolean(),
  }).readonly(),
});

export type DevRecord = Readonly<z.output<typeof recordSchema>>;

/** The record of a guest; `undefined` if there is none, or it is incomplete. */
export async function readDevRecord(name: string): Promise<DevRecord | undefined> {
  return await readJson(devFile(name, "record"), recordSchema);
}

/** Writes a guest's record. */
export async function writeDevRecord(record: DevRecord): Promise<void> {
  await makePrivateDir(devDir(record.name));
  await atomicWrite(devFile(record.name, "record"), `${JSON.stringify(record, null, 2)}\n`);
}

/** Whether a recorded process is still running, and is the same process. */
export async function isSameProcess({ pid, startTime }: RecordedProcess): Promise<boolean> {
  return await processStartTime(pid) === startTime;
}
