import { join } from "@std/path";
import { HostError } from "../cli/errors.ts";
import { atomicWrite } from "../cache/atomic_write.ts";
import { sha256File } from "../cache/file_digest.ts";
import { IMAGE_FILES } from "../host/paths.ts";

/** One file of an image as it was when the image was made. */
interface FileRecord {
  readonly sha256: string;
  readonly bytes: number;
  /** Modification time in milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** What is known of a finished image; kept as `image.json` beside its files. */
export interface ImageManifest {
  readonly name: string;
  readonly key: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly kernelVersion: string;
  readonly files: Readonly<Record<string, FileRecord>>;
}

const MANIFEST = "image.json";
const FILES = [IMAGE_FILES.disk, IMAGE_FILES.kernel, IMAGE_FILES.initramfs, IMAGE_FILES.packages];

/** Records the digests of an image's files in its folder. */
export async function writeManifest(
  dir: string,
  facts: Pick<ImageManifest, "name" | "key" | "kernelVersion">,
): Promise<ImageManifest> {
  const files: Record<string, FileRecord> = {};
  for (const name of FILES) files[name] = await recordFile(join(dir, name));
  const manifest = { ...facts, created: new Date().toISOString(), files };
  await atomicWrite(join(dir, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** The manifest of an image folder; `undefined` when there is none or it is not a whole one. */
export async function readManifest(dir: string): Promise<ImageManifest | undefined> {
  try {
    const manifest = JSON.parse(await Deno.readTextFile(join(dir, MANIFEST)));
    const files = manifest?.files;
    return FILES.every((name) => typeof files?.[name] === "object") ? manifest : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Makes sure that an image is what was built. A file whose size and time are the recorded ones is
 * taken as it is; any other is hashed (about 1 s per GB), so that a damaged disk is found before
 * a guest boots from it. Throws {@link HostError} naming the file.
 */
export async function verifyImage(dir: string, manifest: ImageManifest): Promise<void> {
  for (const [name, record] of Object.entries(manifest.files)) {
    const path = join(dir, name);
    const info = await Deno.stat(path).catch(() => undefined);
    const fault = info === undefined
      ? "is missing"
      : info.size !== record.bytes
      ? `has ${info.size} bytes, not the ${record.bytes} that were built`
      : info.mtime?.getTime() === record.mtimeMs || await sha256File(path) === record.sha256
      ? undefined
      : "is damaged: its SHA-256 is not that of the file that was built";
    if (fault === undefined) continue;
    throw new HostError(`Cannot use image "${manifest.name}": ${name} ${fault}`, {
      details: [`file: ${path}`],
      next: `deno task setup-images ${manifest.name} --force`,
    });
  }
}

async function recordFile(path: string): Promise<FileRecord> {
  const info = await Deno.stat(path);
  return {
    sha256: await sha256File(path),
    bytes: info.size,
    mtimeMs: info.mtime?.getTime() ?? 0,
  };
}
