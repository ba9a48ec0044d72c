import { $ } from "./dollar.ts";

/**
 * Wraps a command so that it sees the owners of a root file system as they will be in the guest:
 * without root in a user namespace, whose root is the user of this task and whose other users are
 * those of `/etc/subuid`.
 */
export function asOwner(command: readonly string[]): string[] {
  if (Deno.uid() === 0) return [...command];
  return ["unshare", "--user", "--map-root-user", "--map-auto", "--", ...command];
}

/**
 * Unmounts what is mounted below `$0` in this mount namespace, and removes the tree. The kernel then
 * drops the same mounts in every other namespace, since their directories are gone.
 */
const UNMOUNT_AND_REMOVE = `
while read -r _ _ _ _ point _; do
  case $point in "$0"/*) umount -l "$point" ;; esac
done </proc/self/mountinfo
exec rm -rf --one-file-system -- "$0"`;

/**
 * Removes a directory that a killed build may have left: with files of other users, and with the
 * host's own /dev and /sys mounted in it, which are never touched. Throws `TaskError` if something
 * stays.
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
