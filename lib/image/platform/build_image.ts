import { HostError, TaskError } from "../../base/errors.ts";
import type { Platform } from "../../config/platform.ts";
import { acquireLock } from "../../base/files/lock.ts";
import { imageCacheDir } from "../../base/files/paths.ts";
import { imageHome } from "./current.ts";
import { type Image, type ImageState, imageState } from "./platform_image.ts";
import { systemOf } from "./systems.ts";
import { verifyImage } from "./manifest.ts";
import { checkArch } from "../parts/check_arch.ts";
import { partRecipe } from "../parts/recipes.ts";
import { ensurePart, partPath } from "../parts/part_store.ts";
import { publishVersion } from "./publish_version.ts";
import { makerLock, makeUnfinished, sweepUnfinished } from "../../store/unfinished.ts";
import { removeFormerVersions } from "./image_versions.ts";

/** How {@link ensureImage} builds. */
export interface BuildImageOptions {
  readonly signal: AbortSignal;
  /** Build even if the recipe has not changed. */
  readonly force?: boolean;
  /** Resolves once the compiler is there; it may be installed while packages are. */
  readonly compiler?: Promise<void> | undefined;
  /** Called as each stage begins, with its name. */
  readonly onPhase: (phase: string) => void;
  /** Called with each line that the programs underneath print. */
  readonly log: (line: string) => void;
}

/** What {@link ensureImage} did. */
export interface EnsuredImage {
  readonly image: Image;
  readonly built: boolean;
  /** Why it was built, one line for each input that had changed. */
  readonly reasons: readonly string[];
}

/**
 * Makes sure that a platform's image exists, is what its recipe says, and is whole. Safe to run twice at
 * once and to interrupt at any point: an image appears under its name only when it is whole, and
 * the slow first stage, once done, is taken up by the next run.
 */
export async function ensureImage(
  platform: Platform,
  options: BuildImageOptions,
): Promise<EnsuredImage> {
  const before = await checkedState(platform);
  if (before.kind === "ready" && !options.force) {
    return { image: before.image, built: false, reasons: [] };
  }
  await using _lock = await acquireLock(makerLock("image", platform.name), {
    signal: options.signal,
    purpose: `building ${platform.name}`,
    onWait: (holder) => options.onPhase(`waiting for ${holder || "another build"}`),
  });
  // Someone else may have built it while this task waited.
  const state = await checkedState(platform);
  if (state.kind === "ready" && (!options.force || before.kind !== "ready")) {
    return { image: state.image, built: false, reasons: [] };
  }
  const reasons = state.kind === "ready" ? ["--force was given"] : state.reasons;
  reasons.forEach((reason) => options.log(`building ${platform.name}: ${reason}`));
  await buildImage(platform, state, options);
  const after = await imageState(platform);
  if (after.kind !== "ready") {
    throw new TaskError(1, `Cannot build image "${platform.name}": its recipe changed meanwhile`, {
      next: `deno task setup-images ${platform.name}`,
    });
  }
  return { image: after.image, built: true, reasons };
}

/** As {@link imageState}; an image whose files are not those that were built counts as missing. */
async function checkedState(platform: Platform): Promise<ImageState> {
  const state = await imageState(platform);
  if (state.kind !== "ready") return state;
  try {
    await verifyImage(state.image.dir, state.image.manifest);
    return state;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { kind: "missing", reasons: [error.message], recipe: state.recipe };
  }
}

async function buildImage(
  platform: Platform,
  state: ImageState,
  options: BuildImageOptions,
): Promise<void> {
  const { signal } = options;
  const home = imageHome(platform.name);
  await Deno.mkdir(imageCacheDir(), { recursive: true });
  // This task holds the lock, so whatever is unfinished here belongs to a killed build.
  await sweepUnfinished("image", platform.name);
  // Done long before the packages are there, which take as much of the network as of a core.
  const compiling = compileInit(platform, options);
  const compiled = compiling.then(() => {}, () => {});
  await using _compiling = { [Symbol.asyncDispose]: () => compiled };
  await using staging = await makeUnfinished("image", platform.name);
  const { dir } = staging;
  await Deno.chmod(dir, 0o755);
  const build = { ...options, dir, init: compiling };
  const { kernelVersion } = await systemOf(platform).build(platform, build);
  signal.throwIfAborted();
  const { recipe } = state;
  await publishVersion(home, dir, { name: platform.name, recipe, kernelVersion });
  await removeFormerVersions(platform.name);
}

/** Compiles the initramfs's program, unless that has been done. */
async function compileInit({ arch }: Platform, options: BuildImageOptions): Promise<Uint8Array> {
  await options.compiler;
  const part = await partRecipe({ name: "tiny-init", arch }, options.signal);
  const { log, signal } = options;
  // A line of its own would hide how far the packages are, which take longer.
  await ensurePart(part, { log, signal, onPhase: () => {} });
  const path = partPath(part.outputs[0]!);
  const init = await Deno.readFile(path);
  checkArch(init, arch, path);
  return init;
}
