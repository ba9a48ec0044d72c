import { readTextIfPresent } from "./read_text.ts";
import { atomicWrite } from "../cache/atomic_write.ts";
import { processStartTime } from "../host/process.ts";
import type { FlavourName, ShareMode } from "./config.ts";
import { devDir, devFile } from "./paths.ts";

/** A process that belongs to the guest. */
export interface RecordedProcess {
  readonly pid: number;
  /** When it started, as `processStartTime()` says it: with the pid it names one process. */
  readonly startTime: string;
  /** Its command line, word by word. */
  readonly command: readonly string[];
}

/** What is written down of a dev guest while it runs. */
export interface DevRecord {
  readonly name: string;
  readonly flavour: FlavourName;
  readonly qemu: RecordedProcess;
  /** Others that must end with it, such as virtiofsd, by name. */
  readonly helpers: Readonly<Record<string, RecordedProcess>>;
  /** The host's boot in which it runs; a record of another boot is stale, whatever its pids say. */
  readonly bootId: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly sshPort: number;
  readonly user: string;
  readonly socketDir: string;
  readonly qmpSocket: string;
  readonly consoleSocket: string;
  /** The shared SSH connection. */
  readonly sshSocket: string;
  readonly accelerator: string;
  readonly memoryMiB: number;
  readonly cores: number;
  /** Whether nobody has logged in yet: the task that starts it holds the guest's lock. */
  readonly starting?: boolean;
  readonly share: {
    readonly mode: ShareMode;
    /** The folder on the host. */
    readonly hostDir: string;
    /** Where the guest finds it: `/NAME`. */
    readonly guestDir: string;
    readonly readOnly: boolean;
  };
}

/** The record of a guest; `undefined` if there is none, or it is no whole one. */
export async function readDevRecord(name: string): Promise<DevRecord | undefined> {
  const text = await readTextIfPresent(devFile(name, "record"));
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text);
    // A pid below 1 would mean whole groups of processes to kill(2).
    const isWhole = record?.qemu?.pid > 0 && typeof record.qemu.startTime === "string" &&
      typeof record.bootId === "string" && typeof record.sshPort === "number";
    return isWhole ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes a guest's record. */
export async function writeDevRecord(record: DevRecord): Promise<void> {
  await Deno.mkdir(devDir(record.name), { recursive: true });
  await atomicWrite(devFile(record.name, "record"), `${JSON.stringify(record, null, 2)}\n`);
}

/** Whether a recorded process still runs, and is that very one. */
export async function isSameProcess({ pid, startTime }: RecordedProcess): Promise<boolean> {
  return await processStartTime(pid) === startTime;
}
