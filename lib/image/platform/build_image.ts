import { join } from "@std/path";
import { HostError, TaskError } from "../../base/errors.ts";
import type { Platform } from "../../config/platform.ts";
import { acquireLock } from "../../base/files/lock.ts";
import { IMAGE_FILES, imageCacheDir, root } from "../../base/files/paths.ts";
import { makeDisk, type RootTree, unpackTree } from "../disk/file_systems.ts";
import { configureOnFirstBoot } from "../system/debian/first_boot.ts";
import { imageHome } from "./current.ts";
import {
  FIRST_BOOT,
  type Image,
  type ImageState,
  imageState,
  rootfsInputs,
} from "./platform_image.ts";
import { BOOT_MODULES, buildInitramfs } from "../boot/initramfs.ts";
import { verifyImage } from "./manifest.ts";
import { findBuiltin, findModules, loadOrder } from "../boot/modules.ts";
import { checkArch } from "../parts/check_arch.ts";
import { partRecipe } from "../parts/recipes.ts";
import { ensurePart, partPath } from "../parts/part_store.ts";
import { ensureRootfsTar, type RootfsTar } from "../system/debian/rootfs_tar.ts";
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
  const { signal, onPhase } = options;
  const home = imageHome(platform.name);
  await Deno.mkdir(imageCacheDir(), { recursive: true });
  // This task holds the lock, so whatever is unfinished here belongs to a killed build.
  await sweepUnfinished("image", platform.name);
  // Done long before the packages are there, which take as much of the network as of a core.
  const compiling = compileInit(platform, options);
  const compiled = compiling.then(() => {}, () => {});
  await using _compiling = { [Symbol.asyncDispose]: () => compiled };
  await using rootfs = await installPackages(platform, options);
  onPhase("init");
  const init = await compiling;

  onPhase("unpack");
  await using tree = await unpackTree(rootfs.path, home, { signal });
  await using staging = await makeUnfinished("image", platform.name);
  const { dir } = staging;
  await Deno.chmod(dir, 0o755);
  onPhase("initramfs");
  const kernelVersion = await extractBootFiles(tree, init, dir);
  await Deno.writeTextFile(join(dir, IMAGE_FILES.packages), await installedPackages(tree));
  onPhase("disk");
  await makeDisk(tree, join(dir, IMAGE_FILES.disk), platform.image.diskGiB, { signal });
  if (rootfs.configure === "first-boot") {
    onPhase("first boot");
    await configureOnFirstBoot(platform, dir, options);
  }
  signal.throwIfAborted();
  const { recipe } = state;
  await publishVersion(home, dir, { name: platform.name, recipe, kernelVersion });
  await removeFormerVersions(platform.name);
}

/** Debian's packages: several minutes for a foreign architecture. */
async function installPackages(
  platform: Platform,
  options: BuildImageOptions,
): Promise<RootfsTar> {
  const { suite, debArch, packages, kernelPackage, provision } = platform.image;
  return await ensureRootfsTar({
    name: platform.name,
    recipe: {
      ...{ suite, debArch, packages, kernelPackage, arch: platform.arch },
      provision: join(root, provision),
      firstBoot: join(root, FIRST_BOOT),
    },
    inputs: rootfsInputs(platform),
    mayWait: true,
    force: options.force,
  }, options);
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

/** Takes the kernel out of the tree and builds the initramfs for it; returns its version. */
async function extractBootFiles(
  tree: RootTree,
  init: Uint8Array,
  dir: string,
): Promise<string> {
  const boot = join(tree.path, "boot");
  const names = (await Array.fromAsync(Deno.readDir(boot))).map((entry) => entry.name);
  const kernel = names.find((name) => name.startsWith("vmlinuz-"));
  if (kernel === undefined) {
    throw new TaskError(1, `Cannot build the image: there is no kernel in ${boot}`);
  }
  const version = kernel.slice("vmlinuz-".length);
  await Deno.copyFile(join(boot, kernel), join(dir, IMAGE_FILES.kernel));
  const versionDir = join(tree.path, "usr/lib/modules", version);
  const modules = await loadOrder(
    BOOT_MODULES,
    await findModules(versionDir),
    await findBuiltin(versionDir),
  );
  await Deno.writeFile(join(dir, IMAGE_FILES.initramfs), await buildInitramfs({ init, modules }));
  return version;
}

/** `NAME VERSION` of each package in the tree, from dpkg's own records. */
async function installedPackages(tree: RootTree): Promise<string> {
  const status = await Deno.readTextFile(join(tree.path, "var/lib/dpkg/status")).catch(() => "");
  return status.split("\n\n").map((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(paragraph)?.[1];
    return `${field("Package")} ${field("Version")}\n`;
  }).filter((line) => !line.startsWith("undefined")).sort().join("");
}
