import { join } from "@std/path";
import { z } from "zod";
import { HostError } from "../../base/errors.ts";
import { canonicalJson, type Digest, FramedHash } from "../../base/files/digest.ts";
import { digestSchema, fileRecordSchema } from "../../base/files/file_record.ts";
import { IMAGE_FILES } from "../../base/files/paths.ts";
import { checkDirectory, type DirectoryKind } from "../../store/directory.ts";

const { disk, kernel, initramfs, packages } = IMAGE_FILES;
const FILES = [disk, kernel, initramfs, packages] as const;
/** Those of an image that boots from its disk. */
const FIRMWARE_FILES = [disk, packages] as const;

const schema = z.object({
  name: z.string(),
  key: digestSchema,
  created: z.string(),
  kernelVersion: z.string(),
  files: z.partialRecord(z.enum(FILES), fileRecordSchema)
    .refine((files) => filesIn({ files }) !== undefined),
});

/** What is known of a finished image; kept as `image.json` beside its files. */
export type ImageManifest = Readonly<z.output<typeof schema>>;

type FileNames = readonly (typeof FILES)[number][];

/** The names of an image's files, if they are those that an image has. */
function filesIn({ files }: { readonly files: Readonly<Record<string, unknown>> }) {
  const has = Object.keys(files).toSorted().join();
  return ([FILES, FIRMWARE_FILES] as const).find((known) => known.toSorted().join() === has);
}

/** A version of an image as an entry of the store. */
export const IMAGE: DirectoryKind<ImageManifest> = {
  ...{ made: "built", files: FILES, schema, manifest: "image.json" },
  ...{ sidecar: IMAGE_FILES.sidecar, lock: IMAGE_FILES.lock },
};

/** As {@link IMAGE}, of a system that boots from its disk. */
export const FIRMWARE_IMAGE: DirectoryKind<ImageManifest> = { ...IMAGE, files: FIRMWARE_FILES };

/** The digest of an image's contents: equal bytes give equal digests, wherever they were built. */
export async function contentDigest({ files }: Pick<ImageManifest, "files">): Promise<Digest> {
  return await digestOf(FILES.flatMap((name) => files[name]?.sha256 ?? []));
}

/**
 * The name of an image's directory: by what it was made, and what came of it and when. An image
 * that
 * is made again has another one, also where its recipe, or even each byte of it, is the same.
 */
export async function versionName(
  { name, key, created, kernelVersion, files }: ImageManifest,
): Promise<string> {
  const content = await contentDigest({ files });
  const digest = await digestOf({ name, created, kernelVersion, content });
  return `${key.slice(0, 16)}-${digest.slice(0, 16)}`;
}

/** Makes sure that an image is what was built. Throws {@link HostError} naming the file. */
export async function verifyImage(dir: string, manifest: ImageManifest): Promise<void> {
  const files: FileNames = filesIn(manifest) ?? FILES;
  const bad = await checkDirectory({ ...IMAGE, files }, dir, manifest);
  if (bad === undefined) return;
  throw new HostError(`Cannot use image "${manifest.name}": ${bad.name} ${bad.fault}`, {
    details: [`file: ${join(dir, bad.name)}`],
    next: `deno task setup-images ${manifest.name} --force`,
  });
}

const digestOf = (value: unknown): Promise<Digest> =>
  new FramedHash().frame(canonicalJson(value)).digest();
