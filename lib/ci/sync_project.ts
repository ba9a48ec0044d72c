import { join } from "@std/path";
import { projectFiles } from "../project/project_files.ts";
import { type BytePath, fileList, toBytes } from "../project/path_bytes.ts";
import { listGuestTree, removeInGuest } from "../guest/guest_tree.ts";
import type { Project } from "../project/project.ts";
import { pushTree } from "../guest/rsync.ts";
import type { PushStats } from "../guest/rsync_output.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { askGit } from "../project/git_project.ts";
import type { LogFiles } from "../base/files/log_files.ts";

/** Copies the project into a guest, without files that a build does not need. */
export async function syncProject(options: {
  readonly ssh: SshConnection;
  /** The run's directory on the host, for the list of files. */
  readonly runDir: string;
  readonly project: Project;
  readonly guestDir: string;
  /** Remove files from the guest that the project no longer has. */
  readonly deleteExtra?: boolean;
  readonly log: LogFiles;
  /** Called with reasons why the copy may not be as expected. */
  readonly onWarning: (text: string) => void;
  readonly signal: AbortSignal;
}): Promise<PushStats> {
  const { ssh, project, guestDir, onWarning, signal } = options;
  const { paths, takes } = await projectFiles({
    ...{ dir: project.dir, excludes: project.excludes, onWarning, signal },
    git: await askGit(project.dir, { signal, onWarning }),
  });
  const filesFrom = join(options.runDir, "files");
  await Deno.writeFile(filesFrom, toBytes(fileList(paths)));
  const gone = options.deleteExtra ? await findGone(ssh, guestDir, paths, takes, signal) : [];
  await removeInGuest(ssh, guestDir, gone, signal);
  const sent = await pushTree({
    ...{ connection: ssh, sourceDir: project.dir, guestDir, selection: { filesFrom }, signal },
  });
  const stats = { ...sent, cameOrWent: sent.cameOrWent + gone.length };
  options.log.write(`== sync: ${JSON.stringify(stats)}\n`);
  return stats;
}

/** What the guest has of a project that no longer has it, but nothing that would be left out. */
async function findGone(
  ssh: SshConnection,
  guestDir: string,
  paths: readonly BytePath[],
  takes: (path: BytePath) => boolean,
  signal: AbortSignal,
): Promise<BytePath[]> {
  const wanted = new Set(paths);
  const there = await listGuestTree(ssh, guestDir, signal);
  return there.filter((path) => !wanted.has(path) && takes(path));
}
