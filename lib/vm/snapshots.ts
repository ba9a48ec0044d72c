import { basename, dirname, join } from "@std/path";
import { z } from "zod";
import { HostError } from "../base/errors.ts";
import { sparseDigest } from "../base/files/file_digest.ts";
import { digestSchema, fileRecordSchema } from "../base/files/file_record.ts";
import {
  checkDirectory,
  type DirectoryKind,
  readDirectory,
  recordDirectory,
} from "../store/directory.ts";
import { type Entry, ownedDirectories, removeEntry } from "../store/entry.ts";
import { type Recipe, recipeKey } from "../store/recipe.ts";
import { publish } from "../store/publish.ts";
import { explainMiss } from "../store/sidecar.ts";
import { changedMs, isAmong } from "../base/files/directories.ts";
import { trySharedLock } from "../base/files/lock.ts";
import { SNAPSHOT_FILES, snapshotsDir, STAGING_PREFIX } from "../base/files/paths.ts";
import { dataExtents } from "../qemu/sparse.ts";
import { listRuns, type RunRecord } from "../guest/runs.ts";

/** A memory snapshot of a platform's guest, in use as long as it is not disposed. */
export interface Snapshot extends AsyncDisposable {
  readonly dir: string;
  readonly key: string;
  readonly memory: string;
  readonly state: string;
  /** The frozen overlay, which backs the overlays of the guests that come from here. */
  readonly disk: string;
}

const FILES = [SNAPSHOT_FILES.memory, SNAPSHOT_FILES.state, SNAPSHOT_FILES.disk] as const;

const schema = z.object({
  key: digestSchema,
  platform: z.string(),
  /** Directory of the image version that the frozen overlay lies on. */
  imageDir: z.string(),
  created: z.string(),
  memoryMiB: z.number().positive(),
  cores: z.int().positive(),
  /** What the files take on disk; the memory is sparse. */
  bytesOnDisk: z.number().nonnegative(),
  /** The memory's digest is a `sparseDigest()`. */
  files: z.record(z.enum(FILES), fileRecordSchema),
});

/** What is known of a snapshot; kept as `snapshot.json` beside its files. */
export type SnapshotManifest = Readonly<z.output<typeof schema>>;

/** A snapshot as an entry of the store. */
const SNAPSHOT: DirectoryKind<SnapshotManifest> = {
  ...{ made: "saved", files: FILES, schema, manifest: SNAPSHOT_FILES.manifest },
  ...{ sidecar: SNAPSHOT_FILES.sidecar, lock: SNAPSHOT_FILES.lock },
  digestOf: {
    [SNAPSHOT_FILES.memory]: async (path) => sparseDigest(path, await dataExtents(path)),
  },
};

/** Where the snapshot with this key lies. */
export const snapshotDir = (platform: string, key: string): string =>
  join(snapshotsDir(), platform, key.slice(0, 16));

/** The paths of a snapshot's files, whether there or not. */
export function snapshotPaths(dir: string) {
  return {
    memory: join(dir, SNAPSHOT_FILES.memory),
    state: join(dir, SNAPSHOT_FILES.state),
    disk: join(dir, SNAPSHOT_FILES.disk),
  };
}

type FoundSnapshot =
  | { readonly kind: "found"; readonly snapshot: Snapshot }
  /** None that fits; why the one that comes closest does not. */
  | { readonly kind: "none"; readonly reasons: readonly string[] }
  /** One that is not what was saved; it is removed, unless guests run from it. */
  | { readonly kind: "damaged"; readonly reason: string; readonly removed: boolean };

/** The checked snapshot of exactly this recipe, locked against removal. */
export async function findSnapshot(platform: string, recipe: Recipe): Promise<FoundSnapshot> {
  const dir = snapshotDir(platform, recipe.key);
  const lock = await trySharedLock(join(dir, SNAPSHOT_FILES.lock));
  const { sidecar, manifest, fault } = await readDirectory(SNAPSHOT, dir);
  if (lock === undefined || sidecar.kind === "missing") {
    await lock?.[Symbol.asyncDispose]();
    return { kind: "none", reasons: await nearestReasons(platform, recipe) };
  }
  const reason = fault ??
    (manifest.key === recipe.key ? await fileFault(dir, manifest) : "it belongs to another key");
  if (reason !== undefined) {
    await lock[Symbol.asyncDispose]();
    return { kind: "damaged", reason, removed: await dropSnapshot(dir) };
  }
  // A host that cannot note this only loses track of which snapshot is used least.
  await Deno.writeTextFile(join(dir, SNAPSHOT_FILES.used), "").catch(() => {});
  return {
    kind: "found",
    snapshot: {
      dir,
      key: recipe.key,
      ...snapshotPaths(dir),
      [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
    },
  };
}

/** Publishes a directory as the snapshot of a recipe, replacing the former one. */
export async function commitSnapshot(
  staging: string,
  recipe: Recipe,
  facts: Pick<SnapshotManifest, "platform" | "imageDir" | "memoryMiB" | "cores">,
): Promise<void> {
  let bytesOnDisk = 0;
  for (const name of FILES) {
    const path = join(staging, name);
    // Nothing of ours writes to them again, and nothing of anybody else should.
    await Deno.chmod(path, 0o600);
    bytesOnDisk += ((await Deno.stat(path)).blocks ?? 0) * 512;
  }
  await Deno.writeTextFile(join(staging, SNAPSHOT_FILES.used), "");
  await recordDirectory(SNAPSHOT, staging, recipe, { ...facts, bytesOnDisk });
  const dir = snapshotDir(facts.platform, recipe.key);
  if (!await dropSnapshot(dir)) {
    throw new HostError(`Cannot save a snapshot of "${facts.platform}": a damaged one is in use`, {
      details: [`directory: ${dir}`],
      next: "deno task vm-list, then deno task vm-stop",
    });
  }
  await publish([{ from: staging, to: dir }]);
}

/** Removes a snapshot, unless a task or a guest uses it. Returns whether it is gone. */
export async function dropSnapshot(dir: string): Promise<boolean> {
  return await removeEntry(snapshotEntry(dir, haveGuestFrom), "remove it");
}

function snapshotEntry(path: string, haveGuest: (dir: string) => Promise<boolean>): Entry {
  return {
    ...{ kind: "snapshot", path, what: `${basename(dirname(path))}/${basename(path)}` },
    locks: [join(path, SNAPSHOT_FILES.lock)],
    voucher: join(path, SNAPSHOT_FILES.sidecar),
    isNeeded: () => haveGuest(path),
    remove: () => Deno.remove(path, { recursive: true }).catch(() => {}),
  };
}

/** Whether one of these guests, by default of all that run, came from a snapshot. */
export async function haveGuestFrom(dir: string, guests?: readonly RunRecord[]): Promise<boolean> {
  const backings = (guests ?? await listRuns()).flatMap(({ backing }) => backing ?? []);
  return await isAmong(dir, backings.map(dirname));
}

/** Whether there is a snapshot with this input: a quick look, which checks no file. */
export async function haveSnapshotWith(
  platform: string,
  input: { readonly name: string; readonly value: unknown },
): Promise<boolean> {
  const wanted = (await recipeKey([input])).inputs[0]?.digest;
  return (await listSnapshots(platform)).some(({ recipe }) =>
    recipe?.inputs.some(({ name, digest }) => name === input.name && digest === wanted)
  );
}

/** A snapshot as `gc` and others list it. */
export interface ListedSnapshot extends Entry {
  readonly platform: string;
  /** `undefined` for a directory that holds no whole snapshot. */
  readonly manifest: SnapshotManifest | undefined;
  readonly recipe: Recipe | undefined;
  /** When a guest last came from it, in milliseconds since 1970; 0 if that is not known. */
  readonly usedMs: number;
}

/** All finished snapshots, or a platform's; their files are not checked. */
export async function listSnapshots(
  platform?: string,
  haveGuest: (dir: string) => Promise<boolean> = haveGuestFrom,
): Promise<ListedSnapshot[]> {
  const listed: ListedSnapshot[] = [];
  for await (const { owner, name, path } of ownedDirectories(snapshotsDir())) {
    if (name.startsWith(STAGING_PREFIX) || owner !== (platform ?? owner)) continue;
    const { sidecar, manifest } = await readDirectory(SNAPSHOT, path);
    const usedMs = await changedMs(join(path, SNAPSHOT_FILES.used));
    listed.push({
      ...{ ...snapshotEntry(path, haveGuest), platform: owner, manifest, usedMs },
      recipe: sidecar.kind === "recipe" ? sidecar.recipe : undefined,
      isNeeded: async () =>
        await haveGuest(path) || await changedMs(join(path, SNAPSHOT_FILES.used)) !== usedMs,
    });
  }
  return listed;
}

async function nearestReasons(platform: string, recipe: Recipe): Promise<string[]> {
  const recipes = (await listSnapshots(platform)).flatMap((snapshot) => snapshot.recipe ?? []);
  const reasons = recipes.map((one) => explainMiss({ kind: "recipe", recipe: one }, recipe));
  return reasons.toSorted((a, b) => a.length - b.length)[0] ?? ["there is none yet"];
}

async function fileFault(dir: string, manifest: SnapshotManifest): Promise<string | undefined> {
  const bad = await checkDirectory(SNAPSHOT, dir, manifest);
  return bad && `${bad.name} ${bad.fault}`;
}
