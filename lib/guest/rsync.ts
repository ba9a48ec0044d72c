import { dirname, join } from "@std/path";
import { GuestError, type TaskError } from "../base/errors.ts";
import { OutputTooLongError, run } from "../base/process/run.ts";
import { claimRoom, type RoomOptions } from "../host/room.ts";
import { isGarbled } from "../project/path_bytes.ts";
import { Glob } from "../project/globs.ts";
import { searchFilter, selectFiles } from "./artifact_globs.ts";
import { type IncomingDir, makeIncomingDir } from "./incoming_dir.ts";
import { inspectIncoming, type LeftOut } from "./incoming.ts";
import {
  bringInArgs,
  listArgs,
  pullListArgs,
  pullSizeArgs,
  pushArgs,
  type Selection,
} from "./rsync_args.ts";
import {
  type Connection,
  explain,
  isComplete,
  PARTIAL,
  rsyncFault,
  type Transfer,
} from "./rsync_fault.ts";
import { parseItemized, parseStats, type PushStats } from "./rsync_output.ts";

/** What {@link pushTree} takes. */
interface PushTreeOptions {
  readonly connection: Connection;
  /** Absolute directory on this host; its content is copied. */
  readonly sourceDir: string;
  /** Absolute directory in the guest; made with its parents. */
  readonly guestDir: string;
  readonly selection: Selection;
  /** Also removes what is gone from the source; see {@link pushArgs}. Default `false`. */
  readonly deleteExtra?: boolean;
  readonly signal?: AbortSignal;
}

/** What {@link pullFiles} takes. */
interface PullFilesOptions {
  readonly connection: Connection;
  /** Absolute directory in the guest. */
  readonly guestDir: string;
  /** See `parseGlob()`. */
  readonly globs: readonly string[];
  /** Absolute directory on this host; made with its parents. Nobody else writes to it. */
  readonly destDir: string;
  /** How the room on this host is claimed. */
  readonly room?: Partial<Omit<RoomOptions, "dir" | "bytes">>;
  readonly signal?: AbortSignal;
}

/** What {@link pullFiles} has found. */
interface Pulled {
  /** Paths relative to both directories, sorted. */
  readonly files: string[];
  /** What the guest has sent and the host does not take. */
  readonly leftOut: readonly LeftOut[];
  /** Globs that matched nothing. */
  readonly unmatched: string[];
}

/** rsync's messages in English, and none of the user's defaults. */
const ENV = { LC_ALL: "C", RSYNC_OLD_ARGS: "0", RSYNC_ICONV: "", RSYNC_PROTECT_ARGS: "1" };

/**
 * Copies a directory into the guest over the shared connection. A file that vanishes meanwhile is
 * left out. Throws {@link WorkError} when a file cannot be read or the guest's disk is full,
 * {@link GuestError} when the connection is lost, or the reason of the signal.
 */
export async function pushTree(options: PushTreeOptions): Promise<PushStats> {
  const { connection, signal } = options;
  const command = pushArgs({ ...options, sshConfig: connection.configPath });
  const what = `copy "${options.sourceDir}" into`;
  // The statistics come last.
  const result = await run(command, { env: ENV, signal, stdout: "tail" });
  if (isComplete(result)) return parseStats(result.stdout);
  throw await rsyncFault({ what, connection, isPush: true }, result);
}

const COPY_OUT = "copy files out of";

/**
 * Copies what globs match out of the guest over the shared connection, but only what
 * `inspectIncoming()` lets through. The guest says what there is, and this host what of it is
 * wanted. Throws as {@link pushTree}, and as {@link claimRoom} if there is no room for it.
 */
export async function pullFiles(options: PullFilesOptions): Promise<Pulled> {
  const { connection, guestDir, destDir, signal } = options;
  const globs = options.globs.map((text) => new Glob(text));
  if (globs.length === 0) return { files: [], leftOut: [], unmatched: [] };
  await Deno.mkdir(destDir, { recursive: true });
  // Beside it, and so on the same file system.
  await using staging = await makeIncomingDir(dirname(destDir));
  const filterFile = join(staging.path, "filter");
  await Deno.writeTextFile(filterFile, searchFilter(globs));
  const tree = { connection, dir: guestDir, filterFile, signal } as const;
  const listed = await listTree({ ...tree, emptyDir: staging.tree }, COPY_OUT);
  const found = await selectFiles(globs, listed, signal);
  const paths = found.files.filter((path) => !isGarbled(path));
  const leftOut: LeftOut[] = found.files.filter(isGarbled)
    .map((path) => ({ path, why: "its name is not UTF-8" }));
  if (paths.length === 0) return { files: [], leftOut, unmatched: globs.map(({ text }) => text) };
  const incoming = await receive({ ...options, paths, claims: true }, staging);
  if (incoming.fault !== undefined) throw incoming.fault;
  leftOut.push(...incoming.leftOut);
  const moved: string[] = [];
  for (const path of incoming.files) {
    if (await moveInto(destDir, path, staging.tree)) moved.push(path);
    else leftOut.push({ path, why: "something else is in its place" });
  }
  return { files: moved, leftOut, unmatched: (await selectFiles(globs, moved, signal)).unmatched };
}

/** False where a directory is in the way, or a link or a file in place of a directory. */
async function moveInto(destDir: string, path: string, from: string): Promise<boolean> {
  const parts = path.split("/");
  for (let length = 1; length < parts.length; length++) {
    const parent = join(destDir, ...parts.slice(0, length));
    await Deno.mkdir(parent).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
    if (!(await Deno.lstat(parent)).isDirectory) return false;
  }
  const target = join(destDir, path);
  const there = await Deno.lstat(target).catch(() => undefined);
  if (there?.isDirectory) return false;
  await Deno.rename(join(from, path), target);
  return true;
}

/** What {@link pullListed} takes. */
interface PullListedOptions extends Omit<PullFilesOptions, "globs"> {
  /** The paths to copy, relative to both directories. */
  readonly paths: readonly string[];
  /** Absolute directory on this host for what is inspected before it goes to `destDir`. */
  readonly stagingHome: string;
  /** Absolute directory that gets what is overwritten. */
  readonly backupDir: string;
}

/**
 * Copies exactly the listed files out of the guest, but only what `inspectIncoming()` lets through.
 * Throws as {@link pushTree}.
 */
export async function pullListed(options: PullListedOptions): Promise<void> {
  const { connection, destDir, backupDir, signal } = options;
  await using staging = await makeIncomingDir(options.stagingHome);
  const { files, fault } = await receive(options, staging);
  const bringIn = bringInArgs({ sourceDir: staging.tree, destDir, backupDir });
  const brought = await run(bringIn, { env: ENV, stdin: nulEnded(files), signal });
  // One file that the guest could not read keeps no other from coming home.
  if (brought.code === 0 && fault !== undefined) throw fault;
  if (brought.code === 0) return;
  throw await rsyncFault(
    { what: `copy to "${destDir}" what came out of`, connection, destDir },
    brought,
  );
}

/**
 * Lets the guest send the listed files into a private directory, and looks at what has come. The
 * `fault` is that some could not be sent; anything worse is thrown.
 */
async function receive(
  options: Pick<PullListedOptions, "connection" | "guestDir" | "destDir" | "paths" | "signal"> & {
    /** Whether there must be room on this host for all of them, before the first one comes. */
    readonly claims?: boolean;
    readonly room?: PullFilesOptions["room"];
  },
  staging: IncomingDir,
): Promise<{ files: string[]; leftOut: LeftOut[]; fault?: TaskError }> {
  const { connection, guestDir, destDir, paths } = options;
  const filesFrom = join(staging.path, "list");
  await Deno.writeTextFile(filesFrom, nulEnded(paths));
  const list = { sshConfig: connection.configPath, guestDir, destDir: staging.tree, filesFrom };
  const call = async (command: readonly string[], signal: AbortSignal | undefined) => {
    const result = await run(command, { env: ENV, signal, stdout: "tail" });
    if (isComplete(result)) return { ...result, fault: undefined };
    const fault = await rsyncFault({ what: COPY_OUT, connection, destDir: staging.path }, result);
    if (result.code !== PARTIAL) throw fault;
    return { ...result, fault };
  };
  using room = options.claims !== true ? undefined : await claimRoom({
    action: `${COPY_OUT} guest "${connection.name}"`,
    ...options.room,
    dir: destDir,
    bytes: parseStats((await call(pullSizeArgs(list), options.signal)).stdout).bytes,
  });
  const signals = [options.signal, room?.full].filter((signal) => signal !== undefined);
  const { fault } = await call(pullListArgs(list), AbortSignal.any(signals));
  // The guest's rsync may have sent others than it was asked for.
  const wanted = new Set(paths);
  const { files, leftOut } = await inspectIncoming(staging.tree);
  return {
    files: files.filter((path) => wanted.has(path)),
    leftOut,
    ...(fault === undefined ? {} : { fault }),
  };
}

/** The form that rsync's `--from0` and `xargs -0` take. */
export const nulEnded = (paths: readonly string[]): string =>
  paths.map((path) => `${path}\0`).join("");

/** What {@link listTree} takes. */
interface ListTreeOptions {
  readonly connection: Connection;
  /** Absolute directory. */
  readonly dir: string;
  /** What rsync lets through, a rule in each line. */
  readonly filterFile: string;
  /** An absolute directory of this host that is empty. */
  readonly emptyDir: string;
  readonly signal?: AbortSignal;
}

/** The paths of files and links that a filter lets through. Throws as {@link pushTree}. */
async function listTree(
  options: ListTreeOptions,
  what: string,
): Promise<string[]> {
  const { connection, signal } = options;
  const transfer = { what, connection };
  const mark = newMark();
  const command = listArgs({ ...options, sshConfig: connection.configPath, mark });
  return parseItemized(await listing(transfer, command, signal), mark);
}

/** Marks the lines that our own rsync prints. The guest's is not told it. */
const newMark = (): string => `${crypto.randomUUID()} `;

/** All that a transfer prints, which names its files. A guest may make that endless. */
async function listing(
  transfer: Transfer,
  command: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const result = await run(command, { env: ENV, signal }).catch((cause) => {
    if (!(cause instanceof OutputTooLongError)) throw cause;
    throw new GuestError(explain(transfer, "its list of files is too long"), { cause });
  });
  if (isComplete(result)) return result.stdout;
  throw await rsyncFault(transfer, result);
}
