import { join } from "@std/path";
import { type ProjectFiles, projectFiles } from "../project/project_files.ts";
import { type BytePath, fileList, toBytes } from "../project/path_bytes.ts";
import { xargsInGuest } from "../guest/guest_tree.ts";
import type { Project } from "../project/project.ts";
import { pushTree } from "../guest/rsync.ts";
import type { PushStats } from "../guest/rsync_output.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { askGit } from "../project/git_project.ts";
import type { LogFiles } from "../base/files/log_files.ts";

/** What {@link syncProject} takes. */
export interface SyncOptions {
  readonly ssh: SshConnection;
  /** The run's directory on the host, for the list of files. */
  readonly runDir: string;
  readonly project: Pick<Project, "dir" | "excludes">;
  /** The directory in the guest. */
  readonly guestDir: string;
  readonly log: Pick<LogFiles, "write">;
  /** Called with reasons why the copy may not be as expected. */
  readonly onWarning: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Copies the project into a guest, without files that a build does not need. */
export async function syncProject(options: SyncOptions): Promise<void> {
  const files = await findProject(options);
  const stats = await sendFiles(options, files, files.paths);
  options.log.write(`== sync: ${JSON.stringify(stats)}\n`);
}

/** What a guest needs of the project. */
export async function findProject(
  { project: { dir, excludes }, onWarning, signal }: SyncOptions,
): Promise<ProjectFiles> {
  const git = await askGit(dir, { signal, onWarning });
  return await projectFiles({
    dir,
    excludes,
    onWarning,
    signal,
    ...(git === undefined ? {} : { git }),
  });
}

/**
 * Sends some of a project's files. In the guest no time is later than now: Ninja would configure for
 * ever, and make take what it builds for older than its sources.
 */
export async function sendFiles(
  { ssh, runDir, project, guestDir, signal }: SyncOptions,
  files: Pick<ProjectFiles, "future" | "sparse">,
  paths: readonly BytePath[],
  { newTimes = false } = {},
): Promise<PushStats> {
  const sum = { files: 0, bytes: 0 };
  const sparse = new Set(files.sparse);
  const filesFrom = join(runDir, "files");
  const send = async (paths: readonly BytePath[], sparse: boolean) => {
    if (paths.length === 0) return;
    await Deno.writeFile(filesFrom, toBytes(fileList(paths)));
    const sent = await pushTree({
      ...{ connection: ssh, sourceDir: project.dir, guestDir, selection: { filesFrom }, signal },
      ...{ newTimes, sparse },
    });
    sum.files += sent.files;
    sum.bytes += sent.bytes;
  };
  await send(paths.filter((path) => !sparse.has(path)), false);
  await send(paths.filter((path) => sparse.has(path)), true);
  if (!newTimes) await xargsInGuest(ssh, guestDir, ["touch", "-c"], files.future, signal);
  return sum;
}
