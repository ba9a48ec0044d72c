import { $ } from "./dollar.ts";

/**
 * Wraps a command so that it sees a root file system's owners as in the guest: without root in a
 * user namespace, with this user as root and the users of `/etc/subuid`.
 */
export function asOwner(command: readonly string[]): string[] {
  return Deno.uid() === 0 ? [...command] : asUser(command);
}

/** As {@link asOwner}, for an ordinary user. */
export function asUser(command: readonly string[]): string[] {
  return ["unshare", "--user", "--map-root-user", "--map-auto", "--", ...command];
}

/** Unmounts everything below `$0` here, then removes it, which unmounts it in other namespaces. */
const UNMOUNT_AND_REMOVE = `
while read -r _ _ _ _ point _; do
  case $point in "$0"/*) umount -l "$point" ;; esac
done </proc/self/mountinfo
exec rm -rf --one-file-system -- "$0"`;

/**
 * Removes what a killed build left: files of other users, and mounts of the host's /dev and /sys,
 * which stay untouched. Throws `TaskError` if something remains.
 */
export async function removeTree(path: string): Promise<void> {
  if (Deno.build.os !== "linux") return await Deno.remove(path, { recursive: true });
  const unshare = ["unshare", "--mount", "--propagation", "private", "--"];
  const command = ["rm", "-rf", "--one-file-system", "--", path];
  // Only root can have mounted anything there. Others need a namespace only for others' files.
  const first = Deno.uid() === 0 ? [...unshare, "sh", "-c", UNMOUNT_AND_REMOVE, path] : command;
  if (await $`${first}`.code() === 0) return;
  await $`${asOwner(command)}`.what(`remove ${path}`);
}
