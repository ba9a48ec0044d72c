import { GuestError, type TaskError, WorkError } from "../cli/errors.ts";
import { run, type RunResult } from "../host/process.ts";
import { settlesWithin } from "../qemu/wait.ts";
import { artifactRules, unmatchedGlobs } from "./artifact_globs.ts";
import { listArgs, pullArgs, pullListArgs, pushArgs, type Selection } from "./rsync_args.ts";
import { parseItemized, parseStats, type PushStats } from "./rsync_output.ts";
import type { SshConnection } from "./ssh.ts";

type Connection = Pick<SshConnection, "name" | "configPath" | "closed">;

/** What {@link pushTree} takes. */
export interface PushTreeOptions {
  readonly connection: Connection;
  /** Absolute folder on this host; its content is copied. */
  readonly sourceDir: string;
  /** Absolute folder in the guest; made with its parents. */
  readonly guestDir: string;
  readonly selection: Selection;
  /** Also removes what is gone from the source; see {@link pushArgs}. Default `false`. */
  readonly deleteExtra?: boolean;
  readonly signal?: AbortSignal;
}

/** What {@link pullFiles} takes. */
export interface PullFilesOptions {
  readonly connection: Connection;
  /** Absolute folder in the guest. */
  readonly guestDir: string;
  /** See {@link artifactRules}. */
  readonly globs: readonly string[];
  /** Absolute folder on this host; made with its parents. */
  readonly destDir: string;
  readonly signal?: AbortSignal;
}

/** What {@link pullFiles} has found. */
export interface Pulled {
  /** Paths relative to both folders, sorted. */
  readonly files: string[];
  /** Globs that matched nothing. */
  readonly unmatched: string[];
}

/** rsync's messages in English, and none of the user's defaults. */
const ENV = { LC_ALL: "C", RSYNC_OLD_ARGS: "0", RSYNC_ICONV: "", RSYNC_PROTECT_ARGS: "1" };

/** Exit statuses of rsync(1). */
const VANISHED = 24;
const PARTIAL = 23;

/**
 * Copies a folder into the guest over the shared connection. A file that vanishes meanwhile is
 * left out. Throws {@link WorkError} when a file cannot be read or the guest's disk is full,
 * {@link GuestError} when the connection is lost, or the reason of the signal.
 */
export async function pushTree(options: PushTreeOptions): Promise<PushStats> {
  const { connection, signal } = options;
  const command = pushArgs({ ...options, sshConfig: connection.configPath });
  const result = await run(command, { env: ENV, signal });
  if (result.code === 0 || result.code === VANISHED) return parseStats(result.stdout);
  throw await rsyncFault(`copy "${options.sourceDir}" into`, connection, result);
}

/** Copies files out of the guest over the shared connection. Throws as {@link pushTree}. */
export async function pullFiles(options: PullFilesOptions): Promise<Pulled> {
  const { connection, globs, guestDir, destDir, signal } = options;
  if (globs.length === 0) return { files: [], unmatched: [] };
  const rules = artifactRules(globs);
  await Deno.mkdir(destDir, { recursive: true });
  const command = pullArgs({ sshConfig: connection.configPath, guestDir, destDir, rules });
  const result = await run(command, { env: ENV, signal });
  if (result.code !== 0 && result.code !== VANISHED) {
    throw await rsyncFault("copy files out of", connection, result);
  }
  const files = parseItemized(result.stdout).sort();
  return { files, unmatched: unmatchedGlobs(globs, files) };
}

/** What {@link pullListed} takes. */
export interface PullListedOptions extends Omit<PullFilesOptions, "globs"> {
  /** See `pullListArgs()`. */
  readonly filesFrom: string;
  readonly backupDir: string;
}

/** Copies exactly the listed files out of the guest. Throws as {@link pushTree}. */
export async function pullListed(options: PullListedOptions): Promise<void> {
  const { connection, signal } = options;
  const command = pullListArgs({ ...options, sshConfig: connection.configPath });
  const result = await run(command, { env: ENV, signal });
  if (result.code === 0 || result.code === VANISHED) return;
  throw await rsyncFault("copy files out of", connection, result);
}

/** What {@link listTree} takes. */
export interface ListTreeOptions {
  readonly connection: Connection;
  /** Absolute folder. */
  readonly dir: string;
  readonly side: "host" | "guest";
  /** See `projectFilter()`. */
  readonly filterFile: string;
  /** An absolute folder of this host that is empty. */
  readonly emptyDir: string;
  readonly signal?: AbortSignal;
}

/** The paths of files and links that a filter lets through. Throws as {@link pushTree}. */
export async function listTree(options: ListTreeOptions): Promise<string[]> {
  const { connection, side, signal } = options;
  const sshConfig = side === "guest" ? { sshConfig: connection.configPath } : {};
  const result = await run(listArgs({ ...options, ...sshConfig }), { env: ENV, signal });
  if (result.code === 0 || result.code === VANISHED) return parseItemized(result.stdout);
  throw await rsyncFault(`list "${options.dir}" for`, connection, result);
}

/** How long ssh may take to notice a lost connection once rsync has. */
const NOTICE_MS = 1000;

async function rsyncFault(
  what: string,
  connection: Connection,
  { code, stderr }: RunResult,
): Promise<TaskError> {
  const message = (why: string) => `Cannot ${what} guest "${connection.name}": ${why}`;
  const details = stderr.split("\n").filter((line) => line.trim() !== "").slice(-6);
  if (/No space left on device/.test(stderr)) {
    return new WorkError(message("its disk is full"), {
      details,
      next: "leave files out (excludes in guesthouse.json), or give the platform a larger diskGiB",
    });
  }
  if (/rsync: (?:command )?not found|rsync: No such file/.test(stderr)) {
    return new GuestError(message("it has no rsync"), {
      details,
      next: `deno task setup-images ${connection.name} --force`,
    });
  }
  if (/change_dir ".*" failed: No such file or directory/.test(stderr)) {
    return new WorkError(message("there is no such folder"), { details });
  }
  if (code === PARTIAL) {
    return new WorkError(message("some files could not be copied"), { details });
  }
  if (await settlesWithin(connection.closed, NOTICE_MS) === "settled") {
    return new GuestError(message("lost connection"), {
      details: [`ssh: ${await connection.closed}`],
    });
  }
  return new WorkError(message(`rsync exited with status ${code}`), { details });
}
