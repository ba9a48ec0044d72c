import { basename, join } from "@std/path";
import type { Platform } from "../config/platform.ts";
import type { RunRecord } from "../guest/runs.ts";
import {
  dropSnapshot,
  haveGuestFrom,
  lastUsedMs,
  type ListedSnapshot,
  listSnapshots,
} from "../vm/snapshots.ts";
import { dropStaging, listStagings, savingLock } from "../vm/stagings.ts";
import { diskBytes, exists, folderNames } from "../base/files/folders.ts";
import { isLocked } from "../base/files/lock.ts";
import { SNAPSHOT_FILES, snapshotsDir } from "../base/files/paths.ts";
import { cacheLock, dropCache, listCaches, type StoredCache, uselessCache } from "./cache_store.ts";
import {
  microJudges,
  platformJudges,
  presentHosts,
  type SnapshotJudge,
} from "./snapshot_judges.ts";
import type { Bin, Removable } from "./storage.ts";

/** What {@link sweepSnapshots} takes. */
export interface SweepSnapshotsOptions {
  readonly platforms: readonly Platform[];
  /**
   * What snapshots and build caches may take on disk together; of more, those that were not used
   * for longest go. 0: all of them go that are not in use.
   */
  readonly limitBytes: number;
  readonly signal: AbortSignal;
}

/** Gives the guests that are up and stay up. */
export type Guests = () => Promise<RunRecord[]>;

/** Removes snapshots, and build caches too, since they share the limit. */
export async function sweepSnapshots(
  bin: Bin,
  options: SweepSnapshotsOptions,
  guests: Guests,
): Promise<void> {
  await sweepStagings(bin);
  const present = await presentHosts(options);
  const judges = new Map([...platformJudges(present), ...microJudges(options.signal)]);
  const rest: Aging[] = [];
  for (const listed of await listSnapshots()) {
    const aging = agingSnapshot(listed, guests);
    const why = await uselessSnapshot(listed, judges.get(listed.platform));
    if (why === undefined || !await bin.drop(aging.item, why)) rest.push(aging);
  }
  for (const cache of await listCaches()) {
    const aging = agingCache(cache);
    const host = present.get(cache.platform);
    const facts = { known: host !== undefined, imageDigest: host?.image?.digest };
    const why = await uselessCache(cache, facts);
    if (why === undefined || !await bin.drop(aging.item, why)) rest.push(aging);
  }
  await shrink(bin, rest, options.limitBytes);
}

async function sweepStagings(bin: Bin): Promise<void> {
  for (const platform of await folderNames(snapshotsDir())) {
    for (const path of await listStagings(platform)) {
      await bin.sort({
        ...{ kind: "unfinished snapshot", path, bytes: await diskBytes(path) },
        what: `${platform}/${basename(path)}`,
        isBusy: () => isLocked(savingLock(platform)),
        remove: () => dropStaging(platform, path),
      }, "the task that saved it is gone");
    }
  }
}

/** Something that goes once it is too old for the limit. */
interface Aging {
  readonly item: Removable;
  readonly usedMs: number;
}

function agingSnapshot(snapshot: ListedSnapshot, guests: Guests): Aging {
  const { dir, platform, bytes, usedMs } = snapshot;
  const haveGuest = async () => await haveGuestFrom(dir, await guests());
  const item: Removable = {
    ...{ kind: "snapshot", path: dir, bytes, what: `${platform}/${basename(dir)}` },
    isBusy: async () => await isLocked(join(dir, SNAPSHOT_FILES.lock)) || await haveGuest(),
    remove: () =>
      dropSnapshot(dir, async () => await haveGuest() || await lastUsedMs(dir) !== usedMs),
  };
  return { item, usedMs };
}

function agingCache(cache: StoredCache): Aging {
  const { dir, platform, bytes, usedMs, record } = cache;
  const item: Removable = {
    ...{ kind: "build cache", path: dir, bytes },
    what: `${platform} ${record?.project ?? basename(dir)}`,
    isBusy: () => isLocked(cacheLock(cache)),
    remove: () => dropCache(cache),
  };
  return { item, usedMs };
}

/** Removes the oldest until the rest is within the limit. */
async function shrink(bin: Bin, items: readonly Aging[], limitBytes: number): Promise<void> {
  let bytes = items.reduce((sum, { item }) => sum + item.bytes, 0);
  for (const { item, usedMs } of items.toSorted((a, b) => a.usedMs - b.usedMs)) {
    const since = usedMs === 0 ? "never used" : `last used ${new Date(usedMs).toISOString()}`;
    const isOver = limitBytes === 0 || bytes > limitBytes;
    if (isOver && await bin.drop(item, `over the limit, ${since}`)) bytes -= item.bytes;
    else bin.keep(item);
  }
}

/** Why no guest will come from a snapshot again, or `undefined`. */
async function uselessSnapshot(
  { dir, recipe, manifest }: ListedSnapshot,
  judge: SnapshotJudge | undefined,
): Promise<string | undefined> {
  if (judge === undefined) return "there is no such platform any more";
  if (recipe === undefined) return `${SNAPSHOT_FILES.sidecar} is missing or damaged`;
  if (manifest === undefined) return `${SNAPSHOT_FILES.manifest} is missing or damaged`;
  if (!recipe.key.startsWith(basename(dir)) || manifest.key !== recipe.key) {
    return "it belongs to another key";
  }
  if (!await exists(manifest.imageDir)) return "the image below it is gone";
  const reasons = await judge(recipe, manifest);
  return reasons.length === 0 ? undefined : reasons.join(", ");
}
