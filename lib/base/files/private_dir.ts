import { dirname } from "@std/path";
import { HostError } from "../errors.ts";
import { whyOthersWrite } from "./others_write.ts";
import { LONGEST_SOCKET_PATH } from "./paths.ts";

/**
 * Makes a directory that only this user can enter (mode 0700), or checks that an existing one is
 * so. It is for control sockets: any client of one controls the guest behind it, and in `/tmp`
 * another user may have created the directory first. Throws {@link HostError} in that case.
 */
export async function ensurePrivateDir(path: string): Promise<void> {
  const uid = Deno.uid();
  const refuse = (why: string): never => {
    throw new HostError(`Cannot use the directory "${path}" for sockets: ${why}`, {
      next: "set XDG_RUNTIME_DIR to a directory of your own",
    });
  };
  await Deno.mkdir(path, { recursive: true, mode: 0o700 }).catch((error) => {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    refuse("it cannot be made there");
  });
  const info = await Deno.lstat(path);
  const around = await whyOthersWrite(dirname(path), uid);
  if (around !== undefined) refuse(`of the directory around it, ${around}`);
  if (!info.isDirectory) refuse("it is not a directory");
  if (uid !== null && info.uid !== uid) refuse(`it belongs to the user with id ${info.uid}`);
  // Ours, but perhaps created under another umask.
  if (((info.mode ?? 0o700) & 0o077) !== 0) await Deno.chmod(path, 0o700);
}

/**
 * Throws {@link HostError} when a Unix socket of that path, with `suffixBytes` more that its
 * program appends, could not be bound on every supported host.
 */
export function checkSocketPath(path: string, suffixBytes = 0): void {
  const length = new TextEncoder().encode(path).length + suffixBytes;
  if (length <= LONGEST_SOCKET_PATH) return;
  throw new HostError(
    `Cannot use the socket "${path}": its path takes ${length} bytes, ` +
      `and ${LONGEST_SOCKET_PATH} are possible`,
    { next: "set XDG_RUNTIME_DIR to a shorter path" },
  );
}
