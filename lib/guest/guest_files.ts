import { toText } from "../project/path_bytes.ts";
import { searchTests } from "./artifact_globs.ts";
import { execText } from "./exec_text.ts";
import type { FileSystem, Listed } from "./find_artifacts.ts";
import { findInGuest } from "./guest_tree.ts";
import { nulEnded } from "./rsync_args.ts";
import type { SshConnection } from "./ssh.ts";

/** A guest whose files are looked for and copied. */
export type Guest = Pick<SshConnection, "name" | "configPath" | "closed" | "exec">;

/** What a list of a million files takes. */
const MAX_LIST_CHARS = 64 * 2 ** 20;

/** What finds the files in a guest, and one letter for what each is. */
const FIND = 'exec find "$@" -printf "%y%p\\\\0"';

/** A guest's files. Throws as {@link findInGuest} does. */
export function guestFiles(guest: Guest, signal?: AbortSignal): FileSystem {
  /** Runs a program on paths, as many at a time as it takes, and returns what it prints of all. */
  const ask = async (command: readonly string[], paths: readonly string[]) =>
    (await execText(guest, ["xargs", "-0", "-r", ...command], {
      ...{ stdin: nulEnded(paths), maxChars: MAX_LIST_CHARS, signal },
    })).stdout.split("\0").slice(0, -1);
  return {
    async list(dir, globs) {
      const listed: Listed = { files: [], links: [] };
      const found = await findInGuest(guest, dir, searchTests(dir, globs), signal);
      for (const line of found.split("\0").slice(0, -1)) {
        listed[line.startsWith("l") ? "links" : "files"].push(toText(line.slice(1)));
      }
      return listed;
    },
    // Also of missing files, so that there are as many answers as paths.
    realPaths: (paths) => ask(["realpath", "-z", "-m", "--"], paths),
    async look(paths) {
      // What lies in several of them is named once for each.
      const found = [...new Set(await ask(["sh", "-c", FIND, "sh"], paths))].map((line) =>
        [line.slice(0, 1), line.slice(1)] as const
      );
      const seen = new Map<string, Listed | "file">();
      const dirs = new Map<string, Listed>();
      const wanted = new Set(paths);
      for (const [kind, path] of found) {
        if (wanted.has(path) && kind === "f") seen.set(path, "file");
        if (wanted.has(path) && kind === "d") dirs.set(path, { files: [], links: [] });
      }
      for (const [kind, path] of found) {
        if (kind !== "f" && kind !== "l") continue;
        for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) {
          const dir = dirs.get(path.slice(0, at));
          dir?.[kind === "f" ? "files" : "links"].push(path.slice(at + 1));
        }
      }
      return new Map([...seen, ...dirs]);
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
