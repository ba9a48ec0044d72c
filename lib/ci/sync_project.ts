import { join } from "@std/path";
import { projectFilter } from "../project/excludes.ts";
import type { Project } from "../project/project.ts";
import { pushTree } from "../guest/rsync.ts";
import type { PushStats } from "../guest/rsync_output.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { askGit } from "../project/git_project.ts";
import type { LogFiles } from "../base/files/log_files.ts";

/** Copies the project into a guest, without files that a build does not need. */
export async function syncProject(options: {
  readonly ssh: SshConnection;
  /** The run's directory on the host, for the filter file. */
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
  const filter = await projectFilter({
    dir: project.dir,
    excludes: project.excludes,
    git: await askGit(project.dir, { signal, onWarning }),
  });
  const filterFile = join(options.runDir, "filter");
  await Deno.writeTextFile(filterFile, filter);
  const stats = await pushTree({
    connection: ssh,
    sourceDir: project.dir,
    guestDir,
    selection: { filterFile },
    deleteExtra: options.deleteExtra === true,
    signal,
  });
  options.log.write(`== sync: ${JSON.stringify(stats)}\n`);
  return stats;
}
