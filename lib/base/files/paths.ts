import { dirname, fromFileUrl, isAbsolute, join, resolve } from "@std/path";

/** Longest path of a Unix socket: `sun_path` has 104 bytes on macOS, 108 on Linux, with a NUL. */
export const LONGEST_SOCKET_PATH = 103;

/** The directory that holds `deno.json`. */
export const root: string = resolve(dirname(fromFileUrl(import.meta.url)), "../../..");

/** One file for each platform that guesthouse knows. */
export const platformsDir: string = join(root, "configs/platforms");

function fromEnv(name: string, fallback: string): string {
  const value = Deno.env.get(name);
  return value === undefined || value === "" ? fallback : resolve(value);
}

/** The state of a checkout: keys, run records, verdicts (`GUESTHOUSE_STATE`). */
export const stateDir = (): string => fromEnv("GUESTHOUSE_STATE", join(root, ".guesthouse"));
/** Finished images, one directory per platform (`GUESTHOUSE_IMAGES`). */
export const imagesDir = (): string => fromEnv("GUESTHOUSE_IMAGES", join(root, "images/dist"));
/** Intermediate results of image builds, used again after a repeated or interrupted build. */
export const imageCacheDir = (): string => join(dirname(imagesDir()), "cache");
/** Build logs, consoles and QEMU output (`GUESTHOUSE_LOGS`). */
export const logsDir = (): string => fromEnv("GUESTHOUSE_LOGS", join(root, "logs"));
/** Artifacts of builds, one directory per platform. */
export const artifactsDir = (): string => join(root, "artifacts");
/** Where tasks write what they keep. */
export const ownDirs = (): string[] => [
  ...[stateDir(), snapshotsDir(), logsDir(), imagesDir(), imageCacheDir(), artifactsDir()],
];
/** The checkout's SSH keys. */
export const keysDir = (): string => join(stateDir(), "keys");
/** One directory per running or kept guest: overlay, run record. */
export const runsDir = (): string => join(stateDir(), "runs");
/** Memory snapshots: `PLATFORM/KEY` (`GUESTHOUSE_SNAPSHOTS`). */
export const snapshotsDir = (): string =>
  fromEnv("GUESTHOUSE_SNAPSHOTS", join(stateDir(), "snapshots"));
/** Disks of build caches, one directory for each platform and project. */
export const buildCachesDir = (): string => join(stateDir(), "caches");
/** Out-of-tree builds on the host, one directory per project. */
export const nativeBuildDir = (): string => join(stateDir(), "native");
/** Lock files; each is empty and is never removed, since removing one breaks the exclusion. */
export const locksDir = (): string => join(stateDir(), "locks");
/** Cached host verdicts: accelerator, tool versions. */
export const verdictsDir = (): string => join(stateDir(), "verdicts");

/** Room for the names of a run and its sockets, in a path of {@link LONGEST_SOCKET_PATH} bytes. */
const SOCKET_NAMES = 55;

/**
 * Places for a private directory with a short path for sockets (QMP, SSH control), the best one
 * first. A checkout may lie deeper than {@link LONGEST_SOCKET_PATH} allows, so it is the last one.
 */
export function socketDirs(): string[] {
  const runtime = Deno.env.get("XDG_RUNTIME_DIR") ?? "";
  const isShort = new TextEncoder().encode(runtime).length <= LONGEST_SOCKET_PATH - SOCKET_NAMES;
  // `sudo -E` and `su` keep the variable of another user's directory, which that user controls.
  const mine = isShort && isOwnDir(runtime) ? [runtime] : [];
  return [...mine, "/tmp", stateDir()].map((dir) => join(dir, `guesthouse-${Deno.uid() ?? 0}`));
}

/** Where sockets usually are; see {@link socketDirs}. */
export const socketDir = (): string => socketDirs()[0]!;

/** Whether a path is a directory that this user owns and may write to, and this task as well. */
function isOwnDir(dir: string): boolean {
  if (!isAbsolute(dir) || !mayWrite(dir)) return false;
  try {
    const { isDirectory, uid, mode } = Deno.statSync(dir);
    return isDirectory && (uid === null || uid === Deno.uid()) && ((mode ?? 0o200) & 0o200) !== 0;
  } catch {
    return false;
  }
}

/** Whether the task's permission set lets it write there. */
const mayWrite = (path: string): boolean =>
  Deno.permissions.querySync({ name: "write", path }).state === "granted";

/**
 * Directories for temporary files, the best one first. The last one lies in the state, which tasks
 * can always write to.
 */
export function tempDirs(): string[] {
  const own = Deno.env.get("TMPDIR") ?? "";
  const all = [...isUsableTemp(own) ? [own] : [], "/tmp", "/var/tmp", join(stateDir(), "tmp")];
  return [...new Set(all)].filter(mayWrite);
}

/** Whether a value of `TMPDIR` names a directory from wherever a program runs. */
export function isUsableTemp(path: string): boolean {
  try {
    return isAbsolute(path) && Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** File names inside a run directory (`runsDir()/ID`). */
export const RUN_FILES = {
  record: "run.json",
  overlay: "overlay.qcow2",
  initramfs: "initramfs",
  /** Of guests that boot from their own disk. */
  seed: "seed.tar",
  firmwareVars: "firmware-vars.fd",
  pid: "qemu.pid",
  knownHosts: "known_hosts",
  lock: "lock",
} as const;

/** In a run's socket directory: names the run's directory, since checkouts share the parent. */
export const SOCKET_OWNER = "run";

/** File names inside a snapshot directory (`snapshotsDir()/PLATFORM/KEY16`). */
export const SNAPSHOT_FILES = {
  memory: "memory",
  state: "state",
  disk: "disk.qcow2",
  manifest: "snapshot.json",
  sidecar: "snapshot.hash",
  lock: "lock",
  /** Its time of change is when a guest last came from the snapshot. */
  used: "used",
} as const;

/** The prefix of the directory in which a snapshot is being made, beside the finished ones. */
export const STAGING_PREFIX = ".staging-";

/** File names inside a version of an image (`imagesDir()/PLATFORM/KEY16-CONTENT16`). */
export const IMAGE_FILES = {
  disk: "disk.qcow2",
  kernel: "vmlinuz",
  initramfs: "initramfs",
  packages: "packages.txt",
  sidecar: "image.hash",
  lock: "lock",
} as const;
