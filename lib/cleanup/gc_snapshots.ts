import { basename } from "@std/path";
import { haveGuestFrom, type ListedSnapshot, listSnapshots } from "../vm/snapshots.ts";
import { exists } from "../base/files/directories.ts";
import { SNAPSHOT_FILES } from "../base/files/paths.ts";
import { listCaches, uselessCache } from "./cache_store.ts";
import type { GcFacts, Listed } from "./storage.ts";
import { type SnapshotJudge, snapshotJudge } from "./snapshot_judges.ts";

/** Memory snapshots. */
export async function* listMemory(facts: GcFacts): AsyncGenerator<Listed> {
  const haveGuest = async (dir: string) => await haveGuestFrom(dir, await facts.guests());
  for (const snapshot of await listSnapshots(undefined, haveGuest)) {
    yield {
      ...snapshot,
      why: await uselessSnapshot(snapshot, snapshotJudge(snapshot.platform, facts)),
    };
  }
}

/** Build caches, of every project. */
export async function* listBuildCaches({ present }: GcFacts): AsyncGenerator<Listed> {
  for (const cache of await listCaches()) {
    const host = present.get(cache.platform);
    const facts = { known: host !== undefined, imageDigest: host?.image?.digest };
    yield { ...cache, why: await uselessCache(cache, facts) };
  }
}

/** Why no guest will come from a snapshot again, or `undefined`. */
async function uselessSnapshot(
  { path, recipe, manifest }: ListedSnapshot,
  judge: SnapshotJudge | undefined,
): Promise<string | undefined> {
  if (judge === undefined) return "there is no longer such a platform";
  if (recipe === undefined) return `${SNAPSHOT_FILES.sidecar} is missing or damaged`;
  if (manifest === undefined) return `${SNAPSHOT_FILES.manifest} is missing or damaged`;
  if (!recipe.key.startsWith(basename(path)) || manifest.key !== recipe.key) {
    return "it belongs to another key";
  }
  if (!await exists(manifest.imageDir)) return "the image below it is gone";
  const reasons = await judge(recipe, manifest);
  return reasons.length === 0 ? undefined : reasons.join(", ");
}
