/**
 * A wrapper for {@link RunTaskOptions.wrapper}: a disk of so many bytes in the place of a directory,
 * with what that holds. It is seen by that command alone, and goes with it; a list of what is there
 * afterwards is written to `list`. Needs root, and Linux.
 */
export const withSmallDisk = (dir: string, bytes: number, list = "/dev/null") => [
  ...["unshare", "--mount", "sh", "-c"],
  'mount -t tmpfs -o size="$1" tmpfs /mnt && cp -a "$0/." /mnt && mount --move /mnt "$0" || exit 99\n' +
  'list=$2; shift 2; "$@"; status=$?; find "$0" >"$list"; exit $status',
  ...[dir, String(bytes), list],
];

/** Whether {@link withSmallDisk} works here. */
export const canMount = Deno.build.os === "linux" && Deno.uid() === 0;
