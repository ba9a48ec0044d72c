import { join } from "@std/path";
import { HostError } from "../cli/errors.ts";
import { type Recipe, type RecipeInput, recipeKey } from "../cache/recipe.ts";
import { explainMiss, readSidecar } from "../cache/sidecar.ts";
import type { Platform } from "../config/platform.ts";
import { trySharedLock } from "../host/lock.ts";
import { IMAGE_FILES, imagesDir } from "../host/paths.ts";
import { type ImageManifest, readManifest, verifyImage } from "./manifest.ts";
import { crateInput, moduleInputs, sourceInput } from "./source_input.ts";

/** A finished image, ready to back a guest's overlay. */
export interface Image {
  readonly name: string;
  /** The recipe key that it was built from. */
  readonly key: string;
  readonly dir: string;
  readonly disk: string;
  readonly kernel: string;
  readonly initramfs: string;
  readonly manifest: ImageManifest;
}

/** Where a platform's image stands. */
export type ImageState =
  | { readonly kind: "ready"; readonly image: Image; readonly recipe: Recipe }
  | {
    readonly kind: "stale";
    readonly image: Image;
    readonly reasons: readonly string[];
    readonly recipe: Recipe;
  }
  | { readonly kind: "missing"; readonly reasons: readonly string[]; readonly recipe: Recipe };

/** The folder of a platform's image: the sidecar, and one folder for each version. */
export const imageHome = (name: string): string => join(imagesDir(), name);

/** Where the version of an image with this key lies. Versions are immutable once named. */
export const imageVersionDir = (name: string, key: string): string =>
  join(imageHome(name), key.slice(0, 16));

/** Path of the sidecar that says which version is current. */
export const imageSidecar = (name: string): string => join(imageHome(name), IMAGE_FILES.sidecar);

/** The script that configures packages in the guest, where the host cannot. */
export const FIRST_BOOT = "provision/debian_first_boot.sh";

/** Inputs of the root file system alone: the slow stage, kept for when only later ones change. */
export function rootfsInputs(platform: Platform): RecipeInput[] {
  const { suite, debArch, packages, kernelPackage, provision } = platform.image;
  return [
    { name: "rootfs", value: { suite, debArch, packages, kernelPackage } },
    sourceInput("lib/image/rootfs.ts"),
    sourceInput("lib/image/rootfs_hook.sh"),
    sourceInput("lib/image/merge_usr_hook.sh"),
    sourceInput("lib/image/no_host_keys_hook.sh"),
    sourceInput("lib/image/native_programs_hook.sh"),
    sourceInput(provision),
    sourceInput(FIRST_BOOT),
  ];
}

/** The recipe of a platform's whole image. */
export async function imageRecipe(platform: Platform): Promise<Recipe> {
  return await recipeKey([
    ...rootfsInputs(platform),
    { name: "disk", value: { diskGiB: platform.image.diskGiB, arch: platform.arch } },
    ...moduleInputs("build", "cpio", "disk", "elf", "first_boot", "initramfs", "modules"),
    ...moduleInputs("rootfs_tar", "parts/rust_program"),
    // Its sources and not its digest: where finished images come from elsewhere, it is not built.
    crateInput("tiny-init"),
  ]);
}

/** Compares what is on disk with what the recipe of now would make. Reads no large file. */
export async function imageState(platform: Platform): Promise<ImageState> {
  const recipe = await imageRecipe(platform);
  const sidecar = await readSidecar(imageSidecar(platform.name));
  const reasons = explainMiss(sidecar, recipe);
  if (sidecar.kind !== "recipe") return { kind: "missing", reasons, recipe };
  const { key } = sidecar.recipe;
  const dir = imageVersionDir(platform.name, key);
  const manifest = await readManifest(dir);
  if (manifest === undefined) {
    return { kind: "missing", reasons: [`${dir} holds no whole image`], recipe };
  }
  const image = {
    name: platform.name,
    key,
    dir,
    disk: join(dir, IMAGE_FILES.disk),
    kernel: join(dir, IMAGE_FILES.kernel),
    initramfs: join(dir, IMAGE_FILES.initramfs),
    manifest,
  };
  return key === recipe.key
    ? { kind: "ready", image, recipe }
    : { kind: "stale", image, reasons, recipe };
}

/**
 * The platform's image, checked and fit to boot from; a stale one will do, since it is still
 * whole. Throws {@link HostError} with the command that builds it when it is missing or damaged.
 */
export async function requireImage(platform: Platform): Promise<Image> {
  const state = await imageState(platform);
  if (state.kind === "missing") {
    throw new HostError(`Cannot start guest "${platform.name}": its image is not set up`, {
      details: state.reasons,
      next: `deno task setup-images ${platform.name} --yes`,
    });
  }
  await verifyImage(state.image.dir, state.image.manifest);
  return state.image;
}

/** An image whose version is not removed until this is disposed. */
export type UsedImage = Image & AsyncDisposable;

/** Time between two looks at an image whose version was just being removed. */
const RETRY_MS = 50;

/**
 * As {@link requireImage}, for whoever starts a guest from it. A shared lock on the version's folder
 * (which needs no right to write there) keeps `gc` and other builds from removing it, until the
 * guest is on record and longer: a task holds it to its end, and the record tells of a kept guest.
 */
export async function useImage(platform: Platform): Promise<UsedImage> {
  while (true) {
    const image = await requireImage(platform);
    const lock = await trySharedLock(image.dir);
    if (lock !== undefined) {
      return { ...image, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
