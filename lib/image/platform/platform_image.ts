import { delay } from "@std/async";
import { join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { type Recipe, type RecipeInput, recipeKey } from "../../store/recipe.ts";
import { explainMiss } from "../../store/sidecar.ts";
import type { Platform } from "../../config/platform.ts";
import { exists } from "../../base/files/directories.ts";
import { trySharedLock } from "../../base/files/lock.ts";
import { IMAGE_FILES } from "../../base/files/paths.ts";
import { currentDir, currentLink, currentVersion, type Version, versionLock } from "./current.ts";
import { verifyImage } from "./manifest.ts";
import { RUST_BUILD } from "../parts/rust_build.ts";
import { crateInput, stageInput } from "../stages.ts";
import { systemOf } from "./systems.ts";

/** A finished image, ready to back a guest's overlay. */
export interface Image extends Version {
  readonly name: string;
  /** The recipe key that it was built from. */
  readonly key: string;
  readonly disk: string;
  /** Of a system whose kernel QEMU boots. */
  readonly boot: { readonly kernel: string; readonly initramfs: string } | undefined;
}

/** Where a platform's image stands. */
export type ImageState =
  & {
    /** Why it would be built; none where it is ready. */
    readonly reasons: readonly string[];
    readonly recipe: Recipe;
  }
  & (
    | { readonly kind: "ready" | "stale"; readonly image: Image }
    | { readonly kind: "missing" }
  );

/** Inputs of the root file system alone: the slow stage, kept for when only later ones change. */
export const rootfsInputs = (platform: Platform): RecipeInput[] =>
  systemOf(platform).rootStages(platform);

/** The recipe of a platform's whole image. */
export async function imageRecipe(platform: Platform): Promise<Recipe> {
  const { stages, boot } = systemOf(platform);
  return await recipeKey([
    ...stages(platform),
    // Its sources and not its digest: where finished images come from elsewhere, it is not built.
    ...boot === "kernel" ? [stageInput("rust", RUST_BUILD), crateInput("tiny-init")] : [],
  ]);
}

/** Compares what is on disk with what the recipe of now would make. Reads no large file. */
export async function imageState(platform: Platform): Promise<ImageState> {
  const { name } = platform;
  const recipe = await imageRecipe(platform);
  const found = await currentVersion(name);
  if (found === undefined) {
    const reasons = explainMiss({ kind: "missing", path: currentLink(name) }, recipe);
    return { kind: "missing", reasons, recipe };
  }
  const { version, sidecar, dir } = found;
  if (version === undefined) {
    const reasons = sidecar.kind === "recipe"
      ? [`${dir} holds no whole image`]
      : explainMiss(sidecar, recipe);
    return { kind: "missing", reasons, recipe };
  }
  const { key } = version.manifest;
  const image = {
    ...{ name, key, ...version },
    disk: join(dir, IMAGE_FILES.disk),
    boot: systemOf(platform).boot !== "kernel" ? undefined : {
      kernel: join(dir, IMAGE_FILES.kernel),
      initramfs: join(dir, IMAGE_FILES.initramfs),
    },
  };
  return key === recipe.key
    ? { kind: "ready", image, reasons: [], recipe }
    : { kind: "stale", image, reasons: explainMiss(sidecar, recipe), recipe };
}

/** An image whose version is not removed until this is disposed. */
type UsedImage = Image & AsyncDisposable;

/** Time between two looks at an image whose version was just being removed. */
const RETRY_MS = 50;

/**
 * The platform's checked image; a stale one is fine. A shared lock, which needs no write access,
 * keeps `gc` and builds from removing it until the task ends; kept guests are on record. Throws
 * {@link HostError}.
 */
export async function useImage(platform: Platform): Promise<UsedImage> {
  while (true) {
    const image = await presentImage(platform);
    const lock = await trySharedLock(versionLock(image.dir));
    if (lock === undefined) {
      await refuseUnlockable(image);
      await delay(RETRY_MS);
      continue;
    }
    await using stack = new AsyncDisposableStack();
    stack.use(lock);
    await verifyImage(image.dir, image.manifest);
    const resources = stack.move();
    return { ...image, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  }
}

async function presentImage(platform: Platform): Promise<Image> {
  const state = await imageState(platform);
  if (state.kind !== "missing") return state.image;
  throw new HostError(`Cannot start guest "${platform.name}": its image is not set up`, {
    details: state.reasons,
    next: `deno task setup-images ${platform.name} --yes`,
  });
}

/** A copy may lack the lock's file, without which the lock could never be taken. */
async function refuseUnlockable({ name, dir }: Image): Promise<void> {
  if (await exists(versionLock(dir)) || await currentDir(name) !== dir) return;
  throw new HostError(`Cannot use image "${name}": ${IMAGE_FILES.lock} is missing`, {
    details: [`file: ${versionLock(dir)}`],
    next: `deno task setup-images ${name} --force`,
  });
}
