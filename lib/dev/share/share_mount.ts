import { devCommands } from "../state/dev_commands.ts";
import { GuestError } from "../../base/errors.ts";
import { execText } from "../../guest/exec_text.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import { SHARE_TAG } from "../../qemu/share_args.ts";
import type { DevConfig, ShareMode } from "../../config/dev_config.ts";
import type { GuestMount } from "./share.ts";

/** How the guest's kernel caches a 9p share. */
type P9Cache = "none" | "mmap" | "loose";

/**
 * Bytes of one 9p message: the maximum of Linux's virtio transport (125 pages of 4 KiB,
 * `net/9p/trans_virtio.c` of Linux 6.1).
 */
const P9_MSIZE = 512_000;

/**
 * `mmap` caches nothing, so that both sides see each other's changes at once, but lets programs map files for writing, as linkers and databases do, which `none` refuses. `loose` is faster, but shows the host's changes late or never.
 */
const P9_CACHE: P9Cache = "mmap";

export interface MountChoice {
  readonly mode: Exclude<ShareMode, "rsync">;
  readonly readOnly: boolean;
  /** Default {@link P9_MSIZE}. */
  readonly msize?: number;
  /** Default {@link P9_CACHE}. */
  readonly cache?: P9Cache;
}

/** How the guest mounts the project. The options are those of mount(8) and fstab(5). */
export function shareMount({ mode, readOnly, msize, cache }: MountChoice): GuestMount {
  return {
    type: mode,
    source: SHARE_TAG,
    options: [
      readOnly ? "ro" : "rw",
      // Devices and set-uid programs in a project are never needed.
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

/** What the guest mounts according to a config; `undefined` if it has a copy. */
export function configuredMount(
  { mode, readOnly }: Pick<DevConfig["share"], "mode" | "readOnly">,
): GuestMount | undefined {
  return mode === "rsync" ? undefined : shareMount({ mode, readOnly });
}

/** The options for a mount by hand, which with "nofail" would ignore a missing share. */
export const ownMountOptions = ({ options }: GuestMount): string =>
  options.filter((option) => option !== "nofail").join(",");

/** Mounts the share unless it is mounted; prints why if that fails. */
const MOUNT_SCRIPT = 'mountpoint -q "$1" || { mkdir -p "$1" && mount -t "$2" -o "$3" "$4" "$1"; }';
/** A mount under emulation takes a second, and more where a module has to be loaded. */
const MOUNT_MS = 60_000;

/** Checks that the guest has mounted the share. Throws {@link GuestError} with mount's message. */
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
