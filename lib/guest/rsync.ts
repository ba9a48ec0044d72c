import { dirname, join } from "@std/path";
import type { TaskError } from "../base/errors.ts";
import { run } from "../base/process/run.ts";
import { claimRoom, type RoomOptions } from "../host/room.ts";
import { Glob } from "../project/globs.ts";
import { selectFiles } from "./artifact_globs.ts";
import { type ArtifactSearch, findArtifacts, type FoundArtifacts } from "./find_artifacts.ts";
import { type Guest, guestFiles, takenInGuest } from "./guest_files.ts";
import { type IncomingDir, makeIncomingDir } from "./incoming_dir.ts";
import { inspectIncoming, type LeftOut, NOT_UTF8 } from "./incoming.ts";
import {
  bringInArgs,
  nulEnded,
  pullListArgs,
  pushArgs,
  type PushOptions,
  RSYNC_ENV,
} from "./rsync_args.ts";
import { type Connection, isComplete, PARTIAL, rsyncFault } from "./rsync_fault.ts";
import { parseStats, type PushStats } from "./rsync_output.ts";

/** What {@link pushTree} takes. */
interface PushTreeOptions extends Omit<PushOptions, "sshConfig"> {
  readonly connection: Connection;
  readonly signal?: AbortSignal;
}

/** What {@link pullFiles} takes. */
interface PullFilesOptions extends ArtifactSearch {
  readonly connection: Guest;
  /** Absolute directory on this host; made with its parents. Nobody else writes to it. */
  readonly destDir: string;
  /** How the room on this host is claimed. */
  readonly room?: Partial<Omit<RoomOptions, "dir" | "bytes">>;
}

/** What {@link pullFiles} has copied. */
interface Pulled extends Omit<FoundArtifacts, "garbled"> {
  /** What the guest has sent and the host does not take. */
  readonly leftOut: readonly LeftOut[];
}

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
  const result = await run(command, { env: RSYNC_ENV, signal, stdout: "tail" });
  if (isComplete(result)) return parseStats(result.stdout);
  throw await rsyncFault({ what, connection, isPush: true }, result);
}

const COPY_OUT = "copy files out of";

/**
 * Copies what `findArtifacts()` finds out of the guest over the shared connection, but only what
 * `inspectIncoming()` lets through. The guest says what there is, and this host what of it is
 * wanted. Throws as {@link pushTree}, and as {@link claimRoom} if there is no room for it.
 */
export async function pullFiles(options: PullFilesOptions): Promise<Pulled> {
  const { connection, root, globs, destDir, signal } = options;
  if (globs.length === 0) return { files: [], leftOut: [], unmatched: [], lost: [] };
  await Deno.mkdir(destDir, { recursive: true });
  const files = guestFiles(connection, signal);
  const { files: paths, garbled, unmatched, lost } = await findArtifacts(files, options);
  const leftOut: LeftOut[] = garbled.map((path) => ({ path, why: NOT_UTF8 }));
  if (paths.length === 0) return { files: [], leftOut, unmatched, lost };
  using room = await claimRoom({
    ...{ action: `${COPY_OUT} guest "${connection.name}"`, ...options.room, dir: destDir },
    bytes: await takenInGuest(connection, root, paths, signal),
  });
  // Beside it, and so on the same file system.
  await using staging = await makeIncomingDir(dirname(destDir));
  const incoming = await receive({
    ...{ connection, guestDir: root, paths, links: "followed" },
    signal: AbortSignal.any([room.full, ...signal === undefined ? [] : [signal]]),
  }, staging);
  if (incoming.fault !== undefined) throw incoming.fault;
  leftOut.push(...incoming.leftOut);
  const moved: string[] = [];
  for (const path of incoming.files) {
    if (await moveInto(destDir, path, staging.tree)) moved.push(path);
    else leftOut.push({ path, why: "something else is in its place" });
  }
  const selected = await selectFiles(globs.map((text) => new Glob(text)), moved, signal);
  return { files: moved, leftOut, unmatched: selected.unmatched, lost };
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
interface PullListedOptions {
  readonly connection: Connection;
  /** Absolute directory in the guest. */
  readonly guestDir: string;
  /** Absolute directory on this host. */
  readonly destDir: string;
  /** The paths to copy, relative to both directories. */
  readonly paths: readonly string[];
  /** Absolute directory on this host for what is inspected before it goes to `destDir`. */
  readonly stagingHome: string;
  /** Absolute directory that gets what is overwritten. */
  readonly backupDir: string;
  readonly signal?: AbortSignal;
}

/**
 * Copies exactly the listed files out of the guest, but only what `inspectIncoming()` lets through.
 * Throws as {@link pushTree}.
 */
export async function pullListed(options: PullListedOptions): Promise<void> {
  const { connection, destDir, backupDir, signal } = options;
  await using staging = await makeIncomingDir(options.stagingHome);
  const { files, fault } = await receive({ ...options, links: "kept" }, staging);
  const bringIn = bringInArgs({ sourceDir: staging.tree, destDir, backupDir });
  const brought = await run(bringIn, { env: RSYNC_ENV, stdin: nulEnded(files), signal });
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
  { connection, guestDir, paths, links, signal }:
    & Pick<PullListedOptions, "connection" | "guestDir" | "paths" | "signal">
    & Pick<Parameters<typeof pullListArgs>[0], "links">,
  staging: IncomingDir,
): Promise<{ files: string[]; leftOut: LeftOut[]; fault?: TaskError }> {
  const filesFrom = join(staging.path, "list");
  await Deno.writeTextFile(filesFrom, nulEnded(paths));
  const sshConfig = connection.configPath;
  const list = { sshConfig, guestDir, links, destDir: staging.tree, filesFrom };
  const result = await run(pullListArgs(list), { env: RSYNC_ENV, signal, stdout: "tail" });
  const fault = isComplete(result)
    ? undefined
    : await rsyncFault({ what: COPY_OUT, connection, destDir: staging.path }, result);
  if (fault !== undefined && result.code !== PARTIAL) throw fault;
  // The guest's rsync may have sent others than it was asked for.
  const wanted = new Set(paths);
  const { files, leftOut } = await inspectIncoming(staging.tree);
  return {
    files: files.filter((path) => wanted.has(path)),
    leftOut,
    ...(fault === undefined ? {} : { fault }),
  };
}
