import { join } from "@std/path";
import { createHash } from "node:crypto";
import { z } from "zod";
import { atomicWrite, syncPath } from "../base/files/atomic_write.ts";
import { readJson } from "../base/files/read_json.ts";
import { GuestError, HostError, TaskError } from "../base/errors.ts";
import type { Platform } from "../config/platform.ts";
import type { Project } from "../project/project.ts";
import type { GuestCommands } from "../guest/guest_commands.ts";
import { systemOf } from "../image/platform/systems.ts";
import { execText } from "../guest/exec_text.ts";
import { fullDiskError, saysFullDisk } from "../base/files/full_disk.ts";
import { acquireLock } from "../base/files/lock.ts";
import { buildCachesDir } from "../base/files/paths.ts";
import { $ } from "../base/process/dollar.ts";
import type { SshConnection } from "../guest/ssh.ts";
import type { Image } from "../image/platform/platform_image.ts";
import { ext4Fault } from "../image/format/ext4_state.ts";
import { type KeptTree, keptTreeSchema, NOTHING_KEPT } from "./kept_tree.ts";
import { CACHE_DISK_BYTES, CACHE_DISK_ID } from "../vm/build_machine.ts";
import type { OpenGuest } from "../vm/open_guest.ts";

const recordSchema = z.object({
  project: z.string(),
  platform: z.string(),
  /** Digest of the image whose tools filled it. */
  image: z.string(),
  /**
   * Whether a guest has it, or had it when it was killed. A file that was being written then may be
   * incomplete, with a time that makes it look up to date.
   */
  inUse: z.boolean(),
});

/** The record of a build cache; kept as `cache.json` beside its disk. */
export type CacheRecord = Readonly<z.output<typeof recordSchema>>;

/** File names inside a build cache's directory (`buildCachesDir()/PLATFORM/HASH`). */
export const CACHE_FILES = {
  disk: "disk.raw",
  record: "cache.json",
  /** What is known of the directories on the disk. */
  tree: "tree.json",
  lock: "lock",
} as const;

/** The disk of a project's build cache for one platform. Disposal releases it for other tasks. */
interface CacheDisk extends AsyncDisposable {
  readonly path: string;
  readonly kept: KeptTree;
  /** Mounts it in a guest. Returns environment variables for builds. */
  attach(guest: CacheGuest, signal: AbortSignal): Promise<Record<string, string>>;
  /** Unmounts it; its contents are valid from then on. */
  detach(guest: CacheGuest, kept: KeptTree, signal: AbortSignal): Promise<void>;
}

/** A guest that has the disk of a build cache. */
type CacheGuest = Pick<OpenGuest, "ssh" | "port">;

/** Where the build cache of a project is. */
export function cacheDir(platform: string, projectDir: string): string {
  const hash = createHash("sha256").update(projectDir).digest("hex").slice(0, 16);
  return join(buildCachesDir(), platform, hash);
}

/** What {@link openCacheDisk} takes. */
export interface CacheDiskOptions {
  readonly platform: Platform;
  readonly project: Project;
  readonly image: Image;
  /** The directory in the guest where the disk is mounted. */
  readonly guestDir: string;
  readonly signal: AbortSignal;
  /** Called with notes about the cache, for a log. */
  readonly onNote: (text: string) => void;
}

/**
 * The project's build cache, checked; created again if there is none, if it is damaged, if its
 * guest was killed, or if it was filled by the tools of another image. Waits while another task has
 * it.
 */
export async function openCacheDisk(options: CacheDiskOptions): Promise<CacheDisk> {
  const { platform, project, image, signal, onNote, guestDir } = options;
  const dir = cacheDir(platform.name, project.dir);
  await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  await using stack = new AsyncDisposableStack();
  stack.use(
    await acquireLock(join(dir, CACHE_FILES.lock), {
      signal,
      purpose: `build of ${project.name}`,
      onWait: (holder) => onNote(`build cache: waits for ${holder}`),
    }),
  );
  const path = join(dir, CACHE_FILES.disk);
  const tree = join(dir, CACHE_FILES.tree);
  const fault = await faultOf(dir, image.digest);
  if (fault !== undefined) {
    onNote(`build cache: created (${fault})`);
    await Deno.remove(tree).catch(() => {});
    await makeDisk(path, signal);
  }
  const kept = await readJson(tree, keptTreeSchema);
  const write = async (inUse: boolean) => {
    // Its contents are valid from then on, even after a crash of the host.
    if (!inUse) await syncPath(path);
    await writeRecord(dir, {
      project: project.dir,
      platform: platform.name,
      image: image.digest,
      inUse,
    });
  };
  await write(false);
  const resources = stack.move();
  return {
    path,
    kept: kept ?? NOTHING_KEPT,
    async attach(guest, signal) {
      await write(true);
      await mount(guest, guestDir, systemOf(platform).commands, signal);
      return compilerCache(platform, guestDir);
    },
    async detach(guest, kept, signal) {
      try {
        await unmount(guest, guestDir, systemOf(platform).commands, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof TaskError)) throw error;
        return onNote(`build cache: it does not count, since it is busy (${error.message})`);
      }
      await atomicWrite(tree, JSON.stringify(z.encode(keptTreeSchema, kept)));
      await write(false);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Reads the record of a build cache; `undefined` if it is missing or damaged. */
export async function readCacheRecord(dir: string): Promise<CacheRecord | undefined> {
  return await readJson(join(dir, CACHE_FILES.record), recordSchema);
}

async function writeRecord(dir: string, record: CacheRecord): Promise<void> {
  await atomicWrite(join(dir, CACHE_FILES.record), `${JSON.stringify(record, null, 2)}\n`);
}

/** Why a cache cannot be used, or `undefined`. */
async function faultOf(dir: string, imageDigest: string): Promise<string | undefined> {
  const path = join(dir, CACHE_FILES.disk);
  const info = await Deno.stat(path).catch(() => undefined);
  if (info === undefined) return "there was none";
  return recordFault(await readCacheRecord(dir), imageDigest) ??
    (info.size === CACHE_DISK_BYTES ? await ext4Fault(path) : "its disk has another size");
}

/** Why no build would use a cache with this record, or `undefined`; any image will do if none is given. */
export function recordFault(record: CacheRecord | undefined, imageDigest?: string) {
  if (record === undefined) return "its record is missing or damaged";
  if (imageDigest !== undefined && record.image !== imageDigest) {
    return "it was filled by the tools of another image";
  }
  return record.inUse ? "the guest that had it was cut off" : undefined;
}

async function makeDisk(path: string, signal: AbortSignal): Promise<void> {
  await Deno.remove(path).catch(() => {});
  {
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    await file.truncate(CACHE_DISK_BYTES);
  }
  // It belongs to the guest's user; tables are written when they are first used.
  const extended = "root_owner=1000:1000,lazy_itable_init=1,lazy_journal_init=1,nodiscard";
  const { code, stderr } = await $`mke2fs -q -F -t ext4 -m 0 -L cache -E ${extended} ${path}`
    .signal(signal).noThrow();
  if (code === 0) return;
  if (saysFullDisk(stderr)) {
    throw await fullDiskError("make the disk of a build cache", { said: stderr, paths: [path] });
  }
  throw new HostError(`Cannot make the disk of a build cache: mke2fs exited with status ${code}`, {
    details: stderr.trim().split("\n"),
    next: "df -h",
  });
}

/** How long a guest may take to write a build tree to disk, under TCG. */
const MOUNT_MS = 60_000;

/** Through the resume service if there is one: starting sudo takes half a second under emulation. */
async function mount(
  { ssh, port }: CacheGuest,
  guestDir: string,
  commands: GuestCommands,
  signal: AbortSignal,
): Promise<void> {
  if (port !== undefined) {
    return await port.ask(`mount ${guestDir}`, "mounted", { timeoutMs: MOUNT_MS, signal });
  }
  await runInGuest(ssh, commands.mountDisk(CACHE_DISK_ID, guestDir), signal);
}

async function unmount(
  { ssh, port }: CacheGuest,
  guestDir: string,
  commands: GuestCommands,
  signal: AbortSignal,
): Promise<void> {
  if (port !== undefined) {
    return await port.ask(`unmount ${guestDir}`, "unmounted", { timeoutMs: MOUNT_MS, signal });
  }
  await runInGuest(ssh, commands.unmount(guestDir), signal);
}

async function runInGuest(
  ssh: SshConnection,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { code, lastLines } = await execText(ssh, argv, { signal });
  if (code === 0) return;
  throw new GuestError(`Cannot run "${argv.join(" ")}" in guest "${ssh.name}": status ${code}`, {
    details: lastLines(4),
    next: "deno task clean, which drops the build cache; or build without --incremental",
  });
}

/** The environment that makes compilers use ccache, if the image has it. */
function compilerCache(platform: Platform, guestDir: string): Record<string, string> {
  if (!platform.image.packages.includes("ccache")) return {};
  return {
    CCACHE_DIR: join(guestDir, "ccache"),
    // Without preprocessing it does not notice a new header that is found before another.
    CCACHE_NODIRECT: "1",
    CMAKE_C_COMPILER_LAUNCHER: "ccache",
    CMAKE_CXX_COMPILER_LAUNCHER: "ccache",
  };
}
