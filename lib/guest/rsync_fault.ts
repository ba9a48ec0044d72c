import { fullDiskError, saysFullDisk } from "../base/files/full_disk.ts";
import type { RunResult } from "../base/process/run.ts";
import { plainLine } from "../base/text/plain_text.ts";
import { settlesWithin } from "../base/time/wait.ts";
import { GuestError, type TaskError, WorkError } from "../base/errors.ts";
import { isNearlyFull } from "../host/room.ts";
import type { SshConnection } from "./ssh.ts";

/** The guest that rsync works with. */
export type Connection = Pick<SshConnection, "name" | "configPath" | "closed">;

/** Exit statuses of rsync(1), and of the guest's shell, which it passes on. */
const FILE_IO = 11;
const BAD_STREAM = 12;
export const PARTIAL = 23;
const VANISHED = 24;
const CANNOT_RUN = 126;
const NOT_FOUND = 127;

/** Whether all was copied that was still there. */
export const isComplete = ({ code }: Pick<RunResult, "code">): boolean =>
  code === 0 || code === VANISHED;

/** What is done with which guest, for messages. */
export interface Transfer {
  /** Completes `Cannot … guest "x"`. */
  readonly what: string;
  readonly connection: Connection;
  /** The guest is what is written to. */
  readonly isPush?: boolean;
  /** Where on this host is written to, if it is. */
  readonly destDir?: string;
}

/** Completes a message about a transfer. */
export const explain = ({ what, connection }: Transfer, why: string): string =>
  `Cannot ${what} guest "${connection.name}": ${why}`;

/** How long ssh may take to notice a lost connection once rsync has. */
const NOTICE_MS = 1000;

/** Why a transfer failed, by the exit status: rsync's words may be the guest's. */
export async function rsyncFault(
  transfer: Transfer,
  { code, stderr }: RunResult,
): Promise<TaskError> {
  const { connection, isPush = false, destDir } = transfer;
  const message = (why: string) => explain(transfer, why);
  const lines = stderr.split("\n").map(plainLine).filter((line) => line.trim() !== "");
  const details = lines.slice(-6);
  const isFileFault = code === FILE_IO || code === PARTIAL;
  if (!isFileFault && await settlesWithin(connection.closed, NOTICE_MS) === "settled") {
    return new GuestError(message("lost connection"), {
      details: [`ssh: ${await connection.closed}`],
    });
  }
  const isAbsent = code === BAD_STREAM && /rsync: (?:command )?not found/.test(stderr);
  if (code === NOT_FOUND || code === CANNOT_RUN || isAbsent) {
    return new GuestError(message("it cannot run rsync"), {
      details,
      next: `deno task setup-images ${connection.name} --force`,
    });
  }
  if (code === BAD_STREAM) {
    return new GuestError(message("its rsync broke off"), { details });
  }
  const said = lines.find((line) => saysFullDisk(line));
  if (isFileFault && destDir !== undefined && said !== undefined && await isNearlyFull(destDir)) {
    return await fullDiskError(`${transfer.what} guest "${connection.name}"`, {
      ...{ said, paths: [destDir] },
    });
  }
  if (isFileFault && isPush && /No space left on device/.test(stderr)) {
    return new WorkError(message("its disk is full"), {
      details,
      next: "leave files out (excludes in guesthouse.json), or give the platform a larger diskGiB",
    });
  }
  if (code === PARTIAL && /change_dir ".*" failed: No such file or directory/.test(stderr)) {
    return new WorkError(message("there is no such directory"), { details });
  }
  if (code === PARTIAL) {
    return new WorkError(message("some files could not be copied"), { details });
  }
  return new WorkError(message(`rsync exited with status ${code}`), { details });
}
