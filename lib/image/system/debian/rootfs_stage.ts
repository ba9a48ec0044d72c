import { dirname, fromFileUrl, join } from "@std/path";
import { asOwner } from "../../../base/process/remove_tree.ts";
import { makeScratch, sweepScratch } from "../../../base/process/scratch.ts";
import { $ } from "../../../base/process/dollar.ts";

/** The temporary directory of one run of mmdebstrap: its hooks, and the root while it is made. */
interface RootfsStage extends AsyncDisposable {
  /** Where mmdebstrap finds its hooks, and makes its root (`TMPDIR`). */
  readonly path: string;
  /** Wraps mmdebstrap's command, so that it finds {@link path}. */
  wrap(command: readonly string[]): string[];
}

/** The part of the stage that mmdebstrap and apt's own user may traverse. */
const OPEN = "open";

/** What an unpacked root takes with its packages; the guests' own have 0.7 GiB. */
const ROOM = {
  bytes: 2 ** 30,
  async whyNot(dir: string): Promise<string | undefined> {
    const code = await $`sh -c ${TRY} ${dir}`.code();
    return code === 0 ? undefined : "its file system runs no programs (noexec)";
  },
};

/** Runs a program that lies in `$0`. */
const TRY = 'file=$(mktemp -p "$0") && echo exit >"$file" && chmod u+x "$file" && "$file"; ' +
  'code=$?; rm -f "$file"; exit "$code"';

const OWN_MOUNTS = ["unshare", "--mount", "--propagation", "private", "--"];

/** Lays the open part over the private directory around it, and becomes the command. */
const LAY_OVER = `mount --bind "$0/${OPEN}" "$0" && exec "$@"`;

/**
 * Makes the stage, and removes those of killed builds. The hooks run with the builder's rights, so
 * no other user may reach the stage, nor the root's own /tmp.
 *
 * As root, mmdebstrap runs in its own mount namespace, where the stage's path leads to its open
 * part, since apt's user must reach the root; elsewhere it has mode 0700. Without root, only users
 * of `/etc/subuid` may enter.
 */
export async function makeRootfsStage(
  scripts: { readonly provision: string; readonly firstBoot: string },
  hooks: readonly { readonly name: string; readonly file: string }[],
): Promise<RootfsStage> {
  await sweepScratch("rootfs");
  await using stack = new AsyncDisposableStack();
  const { path: stage } = stack.use(await makeScratch("rootfs", ROOM));
  const open = join(stage, OPEN);
  await Deno.mkdir(open);
  // Whatever the umask is. No other user can reach this directory yet.
  await Deno.chmod(open, 0o755);
  const here = dirname(fromFileUrl(import.meta.url));
  const files = [
    ...hooks.map(({ name, file }) => ({ name, from: join(here, file), mode: 0o755 })),
    { name: "provision.sh", from: scripts.provision, mode: 0o644 },
    { name: "first_boot.sh", from: scripts.firstBoot, mode: 0o644 },
  ];
  for (const { name, from, mode } of files) await placeFile(from, join(open, name), mode);
  const layOver = Deno.uid() === 0 && await canUnshareMounts();
  if (Deno.uid() !== 0) await letSubordinatesIn(stage);
  const cleanup = stack.move();
  return {
    path: layOver ? stage : open,
    wrap: (command) =>
      layOver ? [...OWN_MOUNTS, "sh", "-c", LAY_OVER, stage, ...command] : [...command],
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** Copies a file to a path where there is none yet; a link at that path is not followed. */
export async function placeFile(from: string, to: string, mode: number): Promise<void> {
  await Deno.writeFile(to, await Deno.readFile(from), { createNew: true });
  await Deno.chmod(to, mode);
}

/** Root in a container may lack that right; then mmdebstrap mounts nothing either. */
async function canUnshareMounts(): Promise<boolean> {
  return await $`${OWN_MOUNTS} true`.code() === 0;
}

/** Opens the stage to the group of the root of mmdebstrap's user namespace: the first of ours. */
async function letSubordinatesIn(stage: string): Promise<void> {
  const code = await $`${asOwner(["chgrp", "1", stage])}`.code();
  // Without such a group, everybody may pass through, but still not see what there is.
  await Deno.chmod(stage, code === 0 ? 0o710 : 0o711);
}
