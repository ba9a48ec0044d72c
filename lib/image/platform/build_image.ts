import { HostError, TaskError } from "../../base/errors.ts";
import type { Platform } from "../../config/platform.ts";
import { imageCacheDir } from "../../base/files/paths.ts";
import { imageHome } from "./current.ts";
import { type Image, type ImageState, imageState } from "./platform_image.ts";
import type { DownloadHow } from "../disk/downloads.ts";
import type { BuildGuests } from "../system/guest_system.ts";
import { systemOf } from "./systems.ts";
import { verifyImage } from "./manifest.ts";
import { checkArch } from "../parts/check_arch.ts";
import { partRecipe } from "../parts/recipes.ts";
import { ensurePart, partPath } from "../parts/part_store.ts";
import { publishVersion } from "./publish_version.ts";
import { type BuildOptions, ensureBuilt } from "../../store/ensure_built.ts";
import type { Recipe } from "../../store/recipe.ts";
import { makeUnfinished } from "../../store/unfinished.ts";
import { removeFormerVersions } from "./image_versions.ts";

interface BuildImageOptions extends BuildOptions {
  /** Build even if the recipe has not changed. */
  readonly force?: boolean;
  /** Resolves once the compiler is there; it may be installed while packages are. */
  readonly compiler?: Promise<void> | undefined;
  readonly download?: DownloadHow | undefined;
  readonly guests?: BuildGuests | undefined;
}

interface EnsuredImage {
  readonly image: Image;
  readonly built: boolean;
  /** Why it was built, one line for each input that had changed. */
  readonly reasons: readonly string[];
}

/**
 * Ensures that a platform's image exists, intact and up to date. Safe to run twice at once and to
 * interrupt: it appears only when complete, and the next run reuses the slow first stage.
 */
export async function ensureImage(
  platform: Platform,
  options: BuildImageOptions,
): Promise<EnsuredImage> {
  const { state, built, reasons } = await ensureBuilt({
    ...{ kind: "image", of: platform.name, title: platform.name },
    look: () => checkedState(platform),
    build: ({ recipe }) => buildImage(platform, recipe, options),
  }, options);
  const now = built ? await imageState(platform) : state;
  if (now.kind === "ready") return { image: now.image, built, reasons };
  throw new TaskError(1, `Cannot build image "${platform.name}": its recipe changed meanwhile`, {
    next: `deno task setup-images ${platform.name}`,
  });
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
  recipe: Recipe,
  options: BuildImageOptions,
): Promise<void> {
  const { signal } = options;
  const { name } = platform;
  const system = systemOf(platform);
  await system.check?.(signal);
  const home = imageHome(name);
  await Deno.mkdir(imageCacheDir(), { recursive: true });
  // Done long before the packages are there, which take as much of the network as of a core.
  const compiling = system.boot === "kernel"
    ? compileInit(platform, options)
    : Promise.reject(new TypeError(`${name} boots without tiny-init`));
  const compiled = compiling.then(() => {}, () => {});
  await using _compiling = { [Symbol.asyncDispose]: () => compiled };
  await using stack = new AsyncDisposableStack();
  const makeDir = async () => {
    const { dir } = stack.use(await makeUnfinished("image", name));
    await Deno.chmod(dir, 0o755);
    return dir;
  };
  const build = { ...options, makeDir, init: compiling };
  const { dir, kernelVersion } = await system.build(platform, build);
  signal.throwIfAborted();
  await publishVersion(home, dir, { name, recipe, kernelVersion, boot: system.boot });
  await removeFormerVersions(name);
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
