import { basename, join } from "@std/path";
import { readDirectory } from "../../store/directory.ts";
import type { SidecarState } from "../../store/sidecar.ts";
import { IMAGE_FILES, imagesDir } from "../../base/files/paths.ts";
import { contentDigest, IMAGE, type ImageManifest, versionName } from "./manifest.ts";

/**
 * The directory of a platform's image: one directory for each version, and a link to one of them.
 */
export const imageHome = (name: string): string => join(imagesDir(), name);

/** Name of the link, in {@link imageHome}, to the version that guests start from now. */
export const CURRENT = "current";

/** Path of that link. */
export const currentLink = (name: string): string => join(imageHome(name), CURRENT);

/** Those who use a version hold this shared, and those who remove it exclusively. */
export const versionLock = (dir: string): string => join(dir, IMAGE_FILES.lock);

/** Names of versions; those of former versions of guesthouse are the first half alone. */
export const VERSION = /^[0-9a-f]{16}(?:-[0-9a-f]{16})?$/;

/** The directory of the version that guests start from now, whole or not. */
export async function currentDir(name: string): Promise<string | undefined> {
  const target = await Deno.readLink(currentLink(name)).catch(() => "");
  return VERSION.test(target) ? join(imageHome(name), target) : undefined;
}

/** A version of an image as its records have it; its large files have not been looked at. */
export interface Version {
  readonly dir: string;
  readonly manifest: ImageManifest;
  /** Of the bytes of its files, whatever recipe they were made by. */
  readonly digest: string;
}

/** A version's directory and what its records say; no `version` unless they are whole. */
interface FoundVersion {
  readonly dir: string;
  readonly sidecar: SidecarState;
  readonly version: Version | undefined;
}

/** The version that guests start from now. */
export async function currentVersion(name: string): Promise<FoundVersion | undefined> {
  while (true) {
    const dir = await currentDir(name);
    if (dir === undefined) return undefined;
    const found = await readVersion(dir);
    // A task that has switched to a new version may have removed this one in the meantime.
    if (found.version !== undefined || await currentDir(name) === dir) return found;
  }
}

async function readVersion(dir: string): Promise<FoundVersion> {
  const { sidecar, manifest, fault } = await readDirectory(IMAGE, dir);
  const isWhole = fault === undefined && await versionName(manifest) === basename(dir);
  const version = isWhole ? { dir, manifest, digest: await contentDigest(manifest) } : undefined;
  return { dir, sidecar, version };
}
