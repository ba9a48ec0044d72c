import { WorkError } from "../base/errors.ts";
import { type BytePath, fileList, readBytes, toBytes } from "../project/path_bytes.ts";
import { execText } from "./exec_text.ts";
import type { SshConnection } from "./ssh.ts";

type Guest = Pick<SshConnection, "name" | "exec">;

/** A list of half a million files. */
const MAX_LIST_CHARS = 64 * 1024 * 1024;

/**
 * What `find` prints of a directory of a guest, as bytes. Throws {@link WorkError} when it cannot be
 * listed, and `GuestError` for too much.
 */
export async function findInGuest(
  ssh: Guest,
  dir: string,
  tests: readonly string[],
  signal?: AbortSignal,
): Promise<BytePath> {
  const { code, stdout, lastLines } = await find(ssh, dir, tests, signal);
  if (code === 0) return stdout;
  const isThere = (await ssh.exec(["test", "-d", dir], { signal })).code === 0;
  const why = isThere ? `find ended with ${code}` : "there is no such directory";
  throw new WorkError(`Cannot list "${dir}" for guest "${ssh.name}": ${why}`, {
    details: lastLines(4),
  });
}

const find = (ssh: Guest, dir: string, tests: readonly string[], signal?: AbortSignal) =>
  execText(ssh, ["find", "-H", dir, ...tests], {
    ...{ maxChars: MAX_LIST_CHARS, decode: readBytes, signal },
    // Patterns match any byte.
    env: { LC_ALL: "C" },
  });

/**
 * What is below a directory of a guest, as far as that can be read, each with a line that is another
 * one after any change of it: kind, mode, size, times, number. Directories end with a slash, come before what they hold, and
 * have a kind and a mode only. `leftOut` are names in the directory itself.
 */
export async function statGuestTree(
  ssh: Guest,
  dir: string,
  leftOut: readonly string[] = [],
  signal?: AbortSignal,
): Promise<Map<BytePath, string>> {
  const prune = leftOut.flatMap((name) => ["-path", `${dir}/${name}`, "-prune", "-o"]);
  const { stdout } = await find(ssh, dir, [
    ...["-mindepth", "1", ...prune, "-type", "d", "-printf", "%P/\\0d %m\\0", "-o"],
    ...["-printf", "%P\\0%y %m %s %T@ %C@ %i\\0"],
  ], signal);
  const words = stdout.split("\0");
  const lines = new Map<BytePath, string>();
  for (let at = 0; at + 1 < words.length; at += 2) lines.set(words[at]!, words[at + 1]!);
  return lines;
}

/** Runs a command of a guest for many paths below a directory of it; returns its status. */
export async function xargsInGuest(
  ssh: Guest,
  dir: string,
  command: readonly string[],
  paths: readonly BytePath[],
  signal?: AbortSignal,
): Promise<number> {
  if (paths.length === 0) return 0;
  const options = { cwd: dir, stdin: toBytes(fileList(paths)), signal };
  return (await ssh.exec(["xargs", "-0", ...command, "--"], options)).code;
}

/**
 * Removes files, links and empty directories below a directory of a guest; a directory's path ends
 * with a slash, and comes before what it holds. Throws {@link WorkError}.
 */
export async function removeInGuest(
  ssh: Guest,
  dir: string,
  paths: readonly BytePath[],
  signal?: AbortSignal,
): Promise<void> {
  const isDirectory = (path: BytePath) => path.endsWith("/");
  const files = paths.filter((path) => !isDirectory(path));
  const code = await xargsInGuest(ssh, dir, ["rm", "-f"], files, signal);
  if (code !== 0) {
    throw new WorkError(`Cannot remove files below "${dir}" in guest "${ssh.name}"`, {
      details: [`rm ended with ${code}`],
    });
  }
  // One that holds what stays is not empty.
  await xargsInGuest(ssh, dir, ["rmdir"], paths.filter(isDirectory).toReversed(), signal);
}
