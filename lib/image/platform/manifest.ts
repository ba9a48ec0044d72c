import { join } from "@std/path";
import { z } from "zod";
import { HostError } from "../../base/errors.ts";
import { atomicWrite } from "../../base/files/atomic_write.ts";
import { canonicalJson, type Digest, FramedHash } from "../../base/files/digest.ts";
import {
  checkFile,
  digestSchema,
  type FileRecord,
  fileRecordSchema,
  recordFile,
} from "../../base/files/file_record.ts";
import { readJson } from "../../base/files/read_json.ts";
import { IMAGE_FILES } from "../../base/files/paths.ts";

const { disk, kernel, initramfs, packages } = IMAGE_FILES;
const FILES = [disk, kernel, initramfs, packages] as const;

const manifestSchema = z.object({
  name: z.string(),
  /** The key of the recipe that it was made by. */
  key: digestSchema,
  /** ISO 8601, UTC. */
  created: z.string(),
  kernelVersion: z.string(),
  files: z.record(z.enum(FILES), fileRecordSchema),
});

/** What is known of a finished image; kept as `image.json` beside its files. */
export type ImageManifest = Readonly<z.output<typeof manifestSchema>>;

const MANIFEST = "image.json";

/** Records the digests of an image's files in its directory. */
export async function writeManifest(
  dir: string,
  facts: Pick<ImageManifest, "name" | "key" | "kernelVersion">,
): Promise<ImageManifest> {
  const files: Partial<ImageManifest["files"]> = {};
  for (const name of FILES) files[name] = await recordFile(join(dir, name));
  const manifest = manifestSchema.parse({ ...facts, created: new Date().toISOString(), files });
  await saveManifest(dir, manifest);
  return manifest;
}

/** The manifest of an image's directory; `undefined` when there is none or it is not a whole one. */
export async function readManifest(dir: string): Promise<ImageManifest | undefined> {
  return await readJson(join(dir, MANIFEST), manifestSchema);
}

/** The digest of what guests find in an image: equal bytes give equal digests, whoever made them. */
export function contentDigest({ files }: Pick<ImageManifest, "files">): Digest {
  return digestOf(FILES.map((name) => files[name].sha256));
}

/**
 * The name of an image's directory: by what it was made, and what came of it and when. An image that
 * is made again has another one, also where its recipe, or even each byte of it, is the same.
 */
export function versionName({ name, key, created, kernelVersion, files }: ImageManifest): string {
  const content = contentDigest({ files });
  return `${key.slice(0, 16)}-${digestOf({ name, created, kernelVersion, content }).slice(0, 16)}`;
}

/**
 * Makes sure that an image is what was built: see {@link checkFile}. What was only copied or touched
 * is recorded, so that it is not read again. Throws {@link HostError} naming the file.
 */
export async function verifyImage(dir: string, manifest: ImageManifest): Promise<void> {
  const files: Record<string, FileRecord> = {};
  for (const name of FILES) {
    const path = join(dir, name);
    const verdict = await checkFile(path, manifest.files[name], { made: "built" });
    if (verdict.fault !== undefined) {
      throw new HostError(`Cannot use image "${manifest.name}": ${name} ${verdict.fault}`, {
        details: [`file: ${path}`],
        next: `deno task setup-images ${manifest.name} --force`,
      });
    }
    files[name] = verdict.record;
  }
  if (FILES.every((name) => files[name] === manifest.files[name])) return;
  // Where nothing can be written, such files are read each time.
  await saveManifest(dir, { ...manifest, files }).catch(() => {});
}

async function saveManifest(dir: string, manifest: ImageManifest): Promise<void> {
  await atomicWrite(join(dir, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

const digestOf = (value: unknown): Digest => new FramedHash().frame(canonicalJson(value)).digest();
