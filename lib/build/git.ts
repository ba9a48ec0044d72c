import { GIT_QUERIES, type GitLists, parseGitLists } from "../config/git_lists.ts";
import { run } from "../host/process.ts";

/** What git knows of a project; `undefined` without git, or where it is no work tree. */
export async function askGit(dir: string, signal?: AbortSignal): Promise<GitLists | undefined> {
  const outputs: Record<string, string> = {};
  for (const [name, query] of Object.entries(GIT_QUERIES)) {
    // A git hook that calls us sets these for its own repository.
    const clean = 'unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE; exec "$@"';
    const command = ["sh", "-c", clean, "sh", "git", "-C", dir, ...query];
    // The user's index is not refreshed on the way.
    const result = await run(command, { env: { GIT_OPTIONAL_LOCKS: "0" }, signal })
      .catch((error) => {
        signal?.throwIfAborted();
        return { code: 1, stdout: "", error };
      });
    if (result.code !== 0) return undefined;
    outputs[name] = result.stdout;
  }
  return parseGitLists(outputs as Record<keyof GitLists, string>);
}
