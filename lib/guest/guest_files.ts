import { join } from "@std/path";
import { GuestError } from "../base/errors.ts";
import { OutputTooLongError, run } from "../base/process/run.ts";
import { searchFilter } from "./artifact_globs.ts";
import { execText } from "./exec_text.ts";
import type { FileSystem, Listed } from "./find_artifacts.ts";
import { listArgs, nulEnded, RSYNC_ENV } from "./rsync_args.ts";
import { explain, isComplete, rsyncFault } from "./rsync_fault.ts";
import { parseItemized } from "./rsync_output.ts";
import type { SshConnection } from "./ssh.ts";

/** A guest whose files are looked for and copied. */
export type Guest = Pick<SshConnection, "name" | "configPath" | "closed" | "exec">;

/** What a list of a million files takes. */
const MAX_LIST_CHARS = 64 * 2 ** 20;

/** What finds the files in a guest, and one letter for what each is. */
const FIND = 'exec find "$@" -printf "%y%p\\\\0"';

/**
 * A guest's files. Throws as `pushTree()` does.
 *
 * @param scratch a directory of this host, which holds an empty one named `tree`
 */
export function guestFiles(guest: Guest, scratch: string, signal?: AbortSignal): FileSystem {
  /** Runs a program on paths, as many at a time as it takes, and returns what it prints of all. */
  const ask = async (command: readonly string[], paths: readonly string[]) =>
    (await execText(guest, ["xargs", "-0", "-r", ...command], {
      ...{ stdin: nulEnded(paths), maxChars: MAX_LIST_CHARS, signal },
    })).stdout.split("\0").slice(0, -1);
  return {
    async list(dir, globs) {
      const filterFile = join(scratch, "filter");
      await Deno.writeTextFile(filterFile, searchFilter(globs));
      return await listTree(guest, { dir, filterFile, emptyDir: join(scratch, "tree") }, signal);
    },
    // Also of missing files, so that there are as many answers as paths.
    realPaths: (paths) => ask(["realpath", "-z", "-m", "--"], paths),
    async look(paths) {
      const found = (await ask(["sh", "-c", FIND, "sh"], paths)).map((line) =>
        [line.slice(0, 1), line.slice(1)] as const
      );
      const kinds = new Map(found.map(([kind, path]) => [path, kind]));
      const seen = new Map<string, Listed | "file">();
      for (const path of paths) {
        if (kinds.get(path) === "f") seen.set(path, "file");
        if (kinds.get(path) !== "d") continue;
        const below = (kind: string) =>
          found.filter(([own, name]) => own === kind && name.startsWith(`${path}/`))
            .map(([, name]) => name.slice(path.length + 1));
        seen.set(path, { files: below("f"), links: below("l") });
      }
      return seen;
    },
    targets: (links) => ask(["readlink", "-z", "--"], links),
  };
}

/** The bytes that files of a guest take on its disk, as it says; links are followed. */
export async function takenInGuest(
  guest: Guest,
  dir: string,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  const command = ["xargs", "-0", "-r", "stat", "-L", "--printf=%s %b %B\\n", "--"];
  const { stdout } = await execText(guest, command, {
    ...{ cwd: dir, stdin: nulEnded(paths), maxChars: MAX_LIST_CHARS, signal },
  });
  return stdout.trim().split("\n").map((line) => line.split(" ").map(Number))
    .reduce((sum, [size = 0, blocks = 0, unit = 0]) => sum + Math.min(size, blocks * unit), 0);
}

/** The files and links of a guest's directory that a filter lets through. */
async function listTree(
  connection: Guest,
  tree: { readonly dir: string; readonly filterFile: string; readonly emptyDir: string },
  signal: AbortSignal | undefined,
): Promise<Listed> {
  const transfer = { what: "copy files out of", connection };
  // Marks the lines that our own rsync prints. The guest's is not told it.
  const mark = `${crypto.randomUUID()} `;
  const command = listArgs({ ...tree, sshConfig: connection.configPath, mark });
  const result = await run(command, { env: RSYNC_ENV, signal }).catch((cause) => {
    if (!(cause instanceof OutputTooLongError)) throw cause;
    throw new GuestError(explain(transfer, "its list of files is too long"), { cause });
  });
  if (isComplete(result)) return parseItemized(result.stdout, mark);
  throw await rsyncFault(transfer, result);
}
