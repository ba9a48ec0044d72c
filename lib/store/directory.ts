import { join } from "@std/path";
import type { z } from "zod";
import { atomicWrite } from "../base/files/atomic_write.ts";
import {
  checkFile,
  type DigestOf,
  type FileRecord,
  recordFile,
} from "../base/files/file_record.ts";
import { readJson } from "../base/files/read_json.ts";
import type { Recipe } from "./recipe.ts";
import { readSidecar, type SidecarState, writeSidecar } from "./sidecar.ts";

/** What every manifest says of a directory of files, beside facts of its kind. */
interface Manifest {
  /** The key of the recipe that it was made by. */
  readonly key: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly files: Readonly<Record<string, FileRecord>>;
}

/** A kind of entries that are directories of recorded files. */
export interface DirectoryKind<M extends Manifest> {
  /** How its files come to be, for messages. */
  readonly made: "built" | "saved";
  readonly files: readonly (keyof M["files"] & string)[];
  /** File names in the directory: the manifest, the recipe, and what its users lock. */
  readonly manifest: string;
  readonly sidecar: string;
  readonly lock: string;
  readonly schema: z.ZodType<M>;
  /** Of files whose digest is no SHA-256 of all their bytes. */
  readonly digestOf?: Readonly<Record<string, DigestOf>>;
}

/** Records the files of a directory in it, once their bytes are on the disk. */
export async function recordDirectory<M extends Manifest>(
  kind: DirectoryKind<M>,
  dir: string,
  recipe: Recipe,
  facts: Omit<M, keyof Manifest>,
): Promise<M> {
  const files: Record<string, FileRecord> = {};
  for (const name of kind.files) {
    files[name] = await recordFile(join(dir, name), kind.digestOf?.[name]);
  }
  const created = new Date().toISOString();
  const manifest = kind.schema.parse({ ...facts, key: recipe.key, created, files });
  await Deno.writeTextFile(join(dir, kind.lock), "");
  await writeManifest(kind, dir, manifest);
  await writeSidecar(join(dir, kind.sidecar), recipe);
  return manifest;
}

/** What the records in a directory say; with a `fault`, they vouch for nothing. */
type DirectoryRecords<M extends Manifest> =
  & { readonly sidecar: SidecarState }
  & (
    | { readonly manifest: M; readonly fault?: undefined }
    | { readonly manifest: M | undefined; readonly fault: string }
  );

/** Reads the records in a directory, and none of its files. */
export async function readDirectory<M extends Manifest>(
  kind: DirectoryKind<M>,
  dir: string,
): Promise<DirectoryRecords<M>> {
  const sidecar = await readSidecar(join(dir, kind.sidecar));
  const manifest = await readJson(join(dir, kind.manifest), kind.schema);
  if (sidecar.kind === "missing") {
    return { sidecar, manifest, fault: `${kind.sidecar} is missing` };
  }
  if (sidecar.kind === "damaged") {
    return { sidecar, manifest, fault: `${kind.sidecar} is damaged (${sidecar.reason})` };
  }
  if (manifest === undefined) {
    return { sidecar, manifest, fault: `${kind.manifest} is missing or damaged` };
  }
  return sidecar.recipe.key === manifest.key
    ? { sidecar, manifest }
    : { sidecar, manifest, fault: "it belongs to another key" };
}

/**
 * Compares a directory's files with its manifest: see {@link checkFile}. What was only copied or
 * touched is recorded again. Returns what is wrong with the first bad file.
 */
export async function checkDirectory<M extends Manifest>(
  kind: DirectoryKind<M>,
  dir: string,
  manifest: M,
): Promise<{ readonly name: string; readonly fault: string } | undefined> {
  const files: Record<string, FileRecord> = {};
  for (const name of kind.files) {
    const how = { made: kind.made, digestOf: kind.digestOf?.[name] };
    const { record, fault } = await checkFile(join(dir, name), manifest.files[name]!, how);
    if (record === undefined) return { name, fault };
    files[name] = record;
  }
  if (kind.files.some((name) => files[name] !== manifest.files[name])) {
    // Where nothing can be written, such files are read each time.
    await writeManifest(kind, dir, { ...manifest, files }).catch(() => {});
  }
  return undefined;
}

async function writeManifest<M extends Manifest>(
  kind: DirectoryKind<M>,
  dir: string,
  manifest: M,
): Promise<void> {
  await atomicWrite(join(dir, kind.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
}
