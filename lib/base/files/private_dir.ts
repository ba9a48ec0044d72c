import { dirname } from "@std/path";
import { HostError } from "../errors.ts";
import { isFullDisk } from "./full_disk.ts";
import { whyOthersWrite } from "./temp.ts";
import { LONGEST_SOCKET_PATH, socketDirs } from "./paths.ts";

/**
 * Makes a directory that only this user can enter (0700), or checks an existing one: any client of
 * a control socket controls its guest. Throws {@link HostError} if another user created it first.
 */
export async function ensurePrivateDir(path: string): Promise<void> {
  const uid = Deno.uid();
  const refuse = (why: string): never => {
    throw new HostError(`Cannot use the directory "${path}" for sockets: ${why}`, {
      next: "set XDG_RUNTIME_DIR to a directory of your own",
    });
  };
  await Deno.mkdir(path, { recursive: true, mode: 0o700 }).catch((error) => {
    if (isFullDisk(error) || error instanceof Deno.errors.NotCapable) throw error;
    refuse(`it cannot be made: ${error.message.replace(/ \(os error \d+\).*/s, "").toLowerCase()}`);
  });
  const info = await Deno.lstat(path);
  const around = await whyOthersWrite(dirname(path), uid);
  if (around !== undefined) refuse(`of the directory around it, ${around}`);
  if (!info.isDirectory) refuse("it is not a directory");
  if (uid !== null && info.uid !== uid) refuse(`it belongs to the user with id ${info.uid}`);
  // Ours, but perhaps created under another umask.
  if (((info.mode ?? 0o700) & 0o077) !== 0) await Deno.chmod(path, 0o700);
}

/** Makes the first of {@link socketDirs} that will do; throws what the first one lacks. */
export async function ensureSocketDir(): Promise<string> {
  let first: unknown;
  for (const dir of socketDirs()) {
    try {
      await ensurePrivateDir(dir);
      return dir;
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

/** Throws {@link HostError} if the path, with `suffixBytes` appended, is too long for a socket. */
export function checkSocketPath(path: string, suffixBytes = 0): void {
  const length = new TextEncoder().encode(path).length + suffixBytes;
  if (length <= LONGEST_SOCKET_PATH) return;
  throw new HostError(
    `Cannot use the socket "${path}": its path takes ${length} bytes, ` +
      `and ${LONGEST_SOCKET_PATH} are possible`,
    { next: "set XDG_RUNTIME_DIR to a shorter path" },
  );
}
