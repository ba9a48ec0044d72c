import { join } from "@std/path";
import type { Platform } from "../config/platform.ts";
import { listRuns } from "../guest/runs.ts";
import { runsDir } from "../base/files/paths.ts";
import { listUnfinished } from "../store/unfinished.ts";
import { listDownloads, listPackages, listVersions } from "./gc_images.ts";
import { listScratchLeft, listSockets, listTemporaryFiles, listTheRuns } from "./gc_runs.ts";
import { listBuildCaches, listMemory } from "./gc_snapshots.ts";
import { presentHosts } from "./snapshot_judges.ts";
import {
  type GcFacts,
  type Listed,
  type Removed,
  type RemoveOptions,
  removeStored,
  sized,
  type Stored,
  storedDocument,
  totalBytes,
} from "./storage.ts";

interface GcOptions extends RemoveOptions {
  readonly platforms: readonly Platform[];
  /**
   * Disk limit for snapshots and build caches; the least recently used go. 0: all unused ones go.
   */
  readonly limitBytes: number;
}

interface GcOutcome {
  readonly removed: readonly Removed[];
  readonly kept: readonly Stored[];
}

/** Lists all entries of a kind. One is looked at before the next is asked for. */
type Kind = (facts: GcFacts) => AsyncIterable<Listed> | Promise<readonly Listed[]>;

/** In this order, since each may be all that needs the next. Those in one list share the limit. */
const KINDS: readonly (readonly Kind[])[] = [
  [listTheRuns],
  [listSockets],
  [() => listUnfinished("snapshot")],
  [listMemory, listBuildCaches],
  [listVersions],
  [listPackages],
  [listDownloads],
  [() => listUnfinished("part")],
  [() => listUnfinished("image")],
  [listTemporaryFiles],
  [listScratchLeft],
];

/**
 * Removes everything that is no longer needed: abandoned runs and their guests, snapshots and build
 * caches, images, and unfinished files. Each thing is removed under the lock that its users hold;
 * guests without a task are looked up in the run records under it.
 */
export async function collectGarbage(options: GcOptions): Promise<GcOutcome> {
  const removed: Removed[] = [];
  const kept: Stored[] = [];
  const isGone = (path: string) =>
    removed.some((one) => path === one.path || path.startsWith(`${one.path}/`));
  const { platforms, signal } = options;
  const facts: GcFacts = {
    ...{ platforms, signal, isGone, present: await presentHosts(options) },
    guests: async () => (await listRuns()).filter(({ id }) => !isGone(join(runsDir(), id))),
  };
  const drop = async (item: Listed & Stored, why: string) => {
    const one = await removeStored(item, why, options);
    if (one !== undefined) removed.push(one);
    return one !== undefined;
  };
  for (const kinds of KINDS) {
    const rest: (Listed & Stored)[] = [];
    for (const list of kinds) {
      for await (const entry of await list(facts)) {
        // With --dry-run what is in it is still there.
        if (isGone(entry.path)) continue;
        const item = await sized(entry);
        if (item.why === undefined || !await drop(item, item.why)) rest.push(item);
      }
    }
    let bytes = totalBytes(rest);
    const isOver = () => options.limitBytes === 0 || bytes > options.limitBytes;
    for (const item of rest.toSorted((a, b) => (a.usedMs ?? 0) - (b.usedMs ?? 0))) {
      const tooOld = item.usedMs !== undefined && isOver();
      if (tooOld && await drop(item, whyOver(item.usedMs))) bytes -= item.bytes;
      else kept.push(storedDocument(item));
    }
  }
  return { removed, kept };
}

const whyOver = (usedMs: number): string =>
  `over the limit, ${usedMs === 0 ? "never used" : `last used ${new Date(usedMs).toISOString()}`}`;
