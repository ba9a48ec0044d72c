import { WorkError } from "../base/errors.ts";
import {
  type BytePath,
  fileList,
  FIND_TREE,
  fromText,
  parseTree,
  readBytes,
  toBytes,
} from "../project/path_bytes.ts";
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

/**
 * Files, links and directories of a guest's directory, as far as it is there and can be read; the
 * latter end with a slash.
 */
export async function listGuestTree(
  ssh: Guest,
  dir: string,
  signal?: AbortSignal,
): Promise<BytePath[]> {
  return parseTree((await find(ssh, dir, FIND_TREE, signal)).stdout, fromText(dir)).paths;
}

const find = (ssh: Guest, dir: string, tests: readonly string[], signal?: AbortSignal) =>
  execText(ssh, ["find", "-H", dir, ...tests], {
    ...{ maxChars: MAX_LIST_CHARS, decode: readBytes, signal },
  });

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
  const xargs = async (command: readonly string[], paths: readonly BytePath[]) =>
    paths.length === 0 ? 0 : (await ssh.exec(["xargs", "-0", ...command, "--"], {
      ...{ cwd: dir, stdin: toBytes(fileList(paths)), signal },
    })).code;
  const isDirectory = (path: BytePath) => path.endsWith("/");
  const code = await xargs(["rm", "-f"], paths.filter((path) => !isDirectory(path)));
  if (code !== 0) {
    throw new WorkError(`Cannot remove files below "${dir}" in guest "${ssh.name}"`, {
      details: [`rm ended with ${code}`],
    });
  }
  // One that holds what stays is not empty.
  await xargs(["rmdir"], paths.filter(isDirectory).toReversed());
}
