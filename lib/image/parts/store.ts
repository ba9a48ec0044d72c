import { join } from "@std/path";
import { atomicWrite } from "../../cache/atomic_write.ts";
import { sha256File } from "../../cache/file_digest.ts";
import { type Recipe, type RecipeInput, recipeKey } from "../../cache/recipe.ts";
import { explainMiss, readSidecar, writeSidecar } from "../../cache/sidecar.ts";
import { acquireLock } from "../../host/lock.ts";
import { imageCacheDir, imagesDir } from "../../host/paths.ts";
import { isRecord } from "../../host/verdict_cache.ts";
import { explainFullDisk } from "./full_disk.ts";
import { partLock, sweepUnfinished, unfinishedPrefix } from "./unfinished.ts";

/** How to make a part's files. */
export interface PartRecipe {
  /** `NAME ARCH`, for messages. */
  readonly title: string;
  /** Names of its files in `images/dist`, the first one with the sidecar. */
  readonly outputs: readonly string[];
  readonly inputs: readonly RecipeInput[];
  /** Writes the files into a folder, under their names. */
  build(dir: string, options: PartBuildOptions): Promise<void>;
}

/** What a part's build is given. */
export interface PartBuildOptions {
  readonly signal: AbortSignal;
  /** Called as each stage begins. */
  readonly onPhase: (phase: string) => void;
  /** Called with each line that the programs underneath print. */
  readonly log: (line: string) => void;
}

/** Where a part stands. */
export interface PartState {
  readonly fresh: boolean;
  /** Why it would be built, one line for each input that differs; empty when it is fresh. */
  readonly reasons: readonly string[];
  readonly recipe: Recipe;
}

/** One of a part's files as it was when it was made. */
export interface FileRecord {
  readonly sha256: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Tells a file that was put in its place with its time; some file systems have none. */
  readonly inode?: number;
}

/** Where a part's file lies. */
export const partPath = (file: string): string => join(imagesDir(), file);

const sidecarOf = (recipe: Pick<PartRecipe, "outputs">) => `${partPath(recipe.outputs[0]!)}.hash`;
const manifestOf = (file: string) => `${partPath(file)}.json`;

/** Compares a part with what its recipe would make now. Files that were changed count as missing. */
export async function partState(part: PartRecipe): Promise<PartState> {
  const recipe = await recipeKey(part.inputs);
  const reasons = explainMiss(await readSidecar(sidecarOf(part)), recipe);
  for (const file of reasons.length === 0 ? part.outputs : []) {
    if (await partDigest(file) === undefined) reasons.push(`${file} is missing or was changed`);
  }
  return { fresh: reasons.length === 0, reasons, recipe };
}

/**
 * The SHA-256 of a part's file; `undefined` unless it is as it was made. It is not read again as long
 * as its size, time and inode are the same; a copy is read once, and then known by its own.
 */
export async function partDigest(file: string): Promise<string | undefined> {
  const record = await readRecord(file);
  const info = await Deno.stat(partPath(file)).catch(() => undefined);
  if (record === undefined || info === undefined || info.size !== record.bytes) return undefined;
  const isSame = info.mtime?.getTime() === record.mtimeMs &&
    (record.inode === undefined || record.inode === info.ino);
  if (isSame) return record.sha256;
  // Copied or touched, or changed: only its contents tell.
  if (await sha256File(partPath(file)) !== record.sha256) return undefined;
  // Where nothing can be written, the file is read each time.
  await writeRecord(file, record.sha256, info).catch(() => {});
  return record.sha256;
}

/**
 * Makes sure that a part is what its recipe says. Safe to run twice at once and to interrupt: its
 * files appear whole, and the sidecar vouches for them only then. Who embeds them goes by their
 * digests, so a part that is built again to the same bytes forces nothing else.
 */
export async function ensurePart(
  part: PartRecipe,
  options: PartBuildOptions & { readonly force?: boolean },
): Promise<{ readonly built: boolean; readonly reasons: readonly string[]; readonly key: string }> {
  const before = await partState(part);
  if (before.fresh && !options.force) return { built: false, reasons: [], key: before.recipe.key };
  const cache = imageCacheDir();
  await Deno.mkdir(cache, { recursive: true });
  await Deno.mkdir(imagesDir(), { recursive: true });
  const [output = ""] = part.outputs;
  await using _lock = await acquireLock(partLock(output), {
    signal: options.signal,
    purpose: `building ${part.title}`,
    onWait: (holder) => options.onPhase(`waiting for ${holder || "another build"}`),
  });
  const state = await partState(part);
  // Somebody else may have built it meanwhile.
  if (state.fresh && !(options.force && before.fresh)) {
    return { built: false, reasons: [], key: state.recipe.key };
  }
  const reasons = state.fresh ? ["--force was given"] : state.reasons;
  reasons.forEach((reason) => options.log(`building ${part.title}: ${reason}`));
  await sweepUnfinished(output);
  const dir = await Deno.makeTempDir({ dir: cache, prefix: unfinishedPrefix(output) });
  try {
    await part.build(dir, options);
    options.signal.throwIfAborted();
    await Deno.remove(sidecarOf(part)).catch(() => {});
    for (const file of part.outputs) await publish(join(dir, file), file);
    await writeSidecar(sidecarOf(part), state.recipe);
  } catch (error) {
    throw explainFullDisk(error, part.title);
  } finally {
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  }
  return { built: true, reasons, key: state.recipe.key };
}

/** Gives a file its final name, with its record beside it. */
async function publish(from: string, file: string): Promise<void> {
  const target = partPath(file);
  {
    using whole = await Deno.open(from, { read: true, write: true });
    await whole.sync();
  }
  await Deno.rename(from, target);
  await writeRecord(file, await sha256File(target), await Deno.stat(target));
}

async function writeRecord(file: string, sha256: string, info: Deno.FileInfo): Promise<void> {
  const record: FileRecord = {
    ...{ sha256, bytes: info.size, mtimeMs: info.mtime?.getTime() ?? 0 },
    ...(info.ino === null ? {} : { inode: info.ino }),
  };
  await atomicWrite(manifestOf(file), `${JSON.stringify(record)}\n`);
}

async function readRecord(file: string): Promise<FileRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(manifestOf(file)));
    const isValid = isRecord(value) && typeof value.sha256 === "string" &&
      typeof value.bytes === "number" && typeof value.mtimeMs === "number" &&
      (value.inode === undefined || typeof value.inode === "number");
    return isValid ? value as unknown as FileRecord : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
