import { devCommands } from "../state/dev_commands.ts";
import { GuestError } from "../../base/errors.ts";
import { execText } from "../../guest/exec_text.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import { SHARE_TAG } from "../../qemu/share_args.ts";
import type { DevConfig, ShareMode } from "../../config/dev_config.ts";
import type { GuestMount } from "./share.ts";

/** What the guest's kernel keeps of a 9p share. */
type P9Cache = "none" | "mmap" | "loose";

/**
 * Bytes of one 9p message: what Linux's virtio transport takes at most (125 pages of 4 KiB,
 * `net/9p/trans_virtio.c` of Linux 6.1). Its own default of 128 KiB, 8 KiB before 5.15, takes a
 * round trip for each piece of a file.
 */
const P9_MSIZE = 512_000;

/**
 * `mmap` keeps nothing, so that both sides see each other's changes at once, and yet lets programs
 * map files for writing, which linkers and databases do and `none` refuses. `loose` is faster, and
 * shows what the host has changed late or never.
 */
const P9_CACHE: P9Cache = "mmap";

/** What {@link shareMount} takes. */
export interface MountChoice {
  readonly mode: Exclude<ShareMode, "rsync">;
  readonly readOnly: boolean;
  /** Default {@link P9_MSIZE}. */
  readonly msize?: number;
  /** Default {@link P9_CACHE}. */
  readonly cache?: P9Cache;
}

/** How the guest mounts the project. The options are such as mount(8) and fstab(5) take. */
export function shareMount({ mode, readOnly, msize, cache }: MountChoice): GuestMount {
  return {
    type: mode,
    source: SHARE_TAG,
    options: [
      readOnly ? "ro" : "rw",
      // No device and no set-uid program of a project is of any use.
      ...["nosuid", "nodev", "nofail"],
      ...(mode === "9p"
        ? [
          ...["trans=virtio", "version=9p2000.L"],
          ...[`msize=${msize ?? P9_MSIZE}`, `cache=${cache ?? P9_CACHE}`],
        ]
        : []),
    ],
  };
}

/** What the guest mounts by a config; `undefined` where it has a copy. */
export function configuredMount(
  { mode, readOnly }: Pick<DevConfig["share"], "mode" | "readOnly">,
): GuestMount | undefined {
  return mode === "rsync" ? undefined : shareMount({ mode, readOnly });
}

/** The options for a mount of one's own, which keeps quiet with "nofail" about a missing share. */
export const ownMountOptions = ({ options }: GuestMount): string =>
  options.filter((option) => option !== "nofail").join(",");

/** Mounts what is not mounted yet; prints why it cannot. */
const MOUNT_SCRIPT = 'mountpoint -q "$1" || { mkdir -p "$1" && mount -t "$2" -o "$3" "$4" "$1"; }';
/** A mount under emulation takes a second, and more where a module has to be loaded. */
const MOUNT_MS = 60_000;

/**
 * Sees to it that the guest has the share at its place: work would go to the guest's own disk
 * otherwise. Throws {@link GuestError} with mount's own words.
 */
export async function ensureMounted(
  ssh: SshConnection,
  { guestDir, mount, signal }: {
    readonly guestDir: string;
    readonly mount: GuestMount;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { type, source } = mount;
  const words = [guestDir, type, ownMountOptions(mount), source];
  const argv = devCommands.asRoot(["sh", "-c", MOUNT_SCRIPT, "sh", ...words]);
  const limits = { signal, timeoutMs: MOUNT_MS, endInGuest: false };
  const { code, lastLines } = await execText(ssh, argv, limits);
  if (code === 0) return;
  const said = lastLines(4);
  throw new GuestError(`Cannot mount the project at "${guestDir}" in guest "${ssh.name}"`, {
    details: said.length === 0 ? [`mount ended with ${code}`] : said,
    next: "deno task arm-dev --share rsync",
  });
}
