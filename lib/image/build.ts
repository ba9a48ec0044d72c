import { basename, join } from "@std/path";
import { recipeKey } from "../cache/recipe.ts";
import { writeSidecar } from "../cache/sidecar.ts";
import { TaskError } from "../cli/errors.ts";
import type { Platform } from "../config/platform.ts";
import { run, runChecked } from "../host/process.ts";
import { acquireLock } from "../host/lock.ts";
import { IMAGE_FILES, imageCacheDir, root } from "../host/paths.ts";
import { ensureBinfmt } from "./binfmt.ts";
import { makeDisk, type RootTree, unpackTree } from "./disk.ts";
import { configureOnFirstBoot } from "./first_boot.ts";
import { type Image, imageHome, imageSidecar, type ImageState, imageState } from "./image.ts";
import { FIRST_BOOT, imageVersionDir, rootfsInputs } from "./image.ts";
import { BOOT_MODULES, buildInitramfs } from "./initramfs.ts";
import { writeManifest } from "./manifest.ts";
import { findBuiltin, findModules, loadOrder } from "./modules.ts";
import { buildRootfs, type ConfigureWhen } from "./rootfs.ts";
import { removeUnusedVersions } from "./versions.ts";

/** How {@link ensureImage} builds. */
export interface BuildImageOptions {
  readonly signal: AbortSignal;
  /** Build even if the recipe has not changed. */
  readonly force?: boolean;
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
 * Makes sure that a platform's image exists and is what its recipe says. Safe to run twice at
 * once and to interrupt at any point: an image appears under its name only when it is whole, and
 * the slow first stage, once done, is taken up by the next run.
 */
export async function ensureImage(
  platform: Platform,
  options: BuildImageOptions,
): Promise<EnsuredImage> {
  const before = await imageState(platform);
  if (before.kind === "ready" && !options.force) {
    return { image: before.image, built: false, reasons: [] };
  }
  await using _lock = await acquireLock(join(imageHome(platform.name), "lock"), {
    signal: options.signal,
    purpose: `building ${platform.name}`,
    onWait: (holder) => options.onPhase(`waiting for ${holder || "another build"}`),
  });
  // Someone else may have built it while this task waited.
  const state = await imageState(platform);
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

async function buildImage(
  platform: Platform,
  state: ImageState,
  options: BuildImageOptions,
): Promise<void> {
  const { signal, onPhase } = options;
  const home = imageHome(platform.name);
  await Deno.mkdir(imageCacheDir(), { recursive: true });
  // This task holds the lock, so whatever temporary folder is here belongs to a killed build.
  await removeLeftovers(home);
  const rootfs = await ensureRootfs(platform, options);

  onPhase("unpack");
  await using tree = await unpackTree(rootfs.tar, home, { signal });
  const dir = await Deno.makeTempDir({ dir: home, prefix: "version-" });
  try {
    await Deno.chmod(dir, 0o755);
    onPhase("initramfs");
    const kernelVersion = await extractBootFiles(tree, dir);
    await Deno.writeTextFile(join(dir, IMAGE_FILES.packages), await installedPackages(tree));
    onPhase("disk");
    await makeDisk(tree, join(dir, IMAGE_FILES.disk), platform.image.diskGiB, { signal });
    if (rootfs.configure === "first-boot") {
      onPhase("first boot");
      await configureOnFirstBoot(platform, dir, options);
    }
    signal.throwIfAborted();
    const { key } = state.recipe;
    await writeManifest(dir, { name: platform.name, key, kernelVersion });
    await publish(platform.name, key, dir);
    await writeSidecar(imageSidecar(platform.name), state.recipe);
  } catch (error) {
    await Deno.remove(dir, { recursive: true }).catch(() => {});
    throw error;
  }
  await removeUnusedVersions(home, state.recipe.key);
}

/** The slow stage: several minutes for a foreign architecture. Kept in the image cache. */
async function ensureRootfs(
  platform: Platform,
  options: BuildImageOptions,
): Promise<{ tar: string; configure: ConfigureWhen }> {
  const { key } = await recipeKey(rootfsInputs(platform));
  const prefix = `rootfs-${platform.name}-`;
  const file = (configure: ConfigureWhen) =>
    join(imageCacheDir(), `${prefix}${key.slice(0, 16)}-${configure}.tar.zst`);
  for (const configure of ["now", "first-boot"] as const) {
    const tar = file(configure);
    if (!options.force && await exists(tar)) return { tar, configure };
  }
  await using binfmt = await ensureBinfmt(platform.arch);
  options.log(`programs of ${platform.arch} run here: ${binfmt.kind} (${binfmt.reason})`);
  const configure = binfmt.kind === "none" ? "first-boot" : "now";
  options.onPhase("packages");
  const output = file(configure);
  // mmdebstrap chooses the compression by the name, so the part file ends alike.
  const part = join(imageCacheDir(), `.part-${basename(output)}`);
  const { suite, debArch, packages, kernelPackage, provision } = platform.image;
  await using unfinished = new AsyncDisposableStack();
  unfinished.defer(() => Deno.remove(part).catch(() => {}));
  await buildRootfs({
    ...{ suite, debArch, packages, kernelPackage },
    arch: platform.arch,
    provision: join(root, provision),
    firstBoot: join(root, FIRST_BOOT),
  }, {
    ...{ output: part, configure, log: options.log, signal: options.signal },
    stageRecord: join(imageCacheDir(), `stage-${platform.name}`),
  });
  for await (const entry of Deno.readDir(imageCacheDir())) {
    if (entry.name.startsWith(prefix)) await Deno.remove(join(imageCacheDir(), entry.name));
  }
  await Deno.rename(part, output);
  return { tar: output, configure };
}

/** Takes the kernel out of the tree and builds the initramfs for it; returns its version. */
async function extractBootFiles(tree: RootTree, dir: string): Promise<string> {
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
  const initramfs = await buildInitramfs({
    busybox: await Deno.readFile(join(tree.path, "usr/bin/busybox")),
    init: await Deno.readFile(join(root, "images/initramfs/init")),
    modules,
  });
  await Deno.writeFile(join(dir, IMAGE_FILES.initramfs), initramfs);
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

/** Gives a finished version its final name. One of the same name is a damaged one, or forced. */
async function publish(name: string, key: string, dir: string): Promise<void> {
  const target = imageVersionDir(name, key);
  // Guests that run from it keep their open files; the sidecar must not vouch for a half of it.
  await Deno.remove(imageSidecar(name)).catch(() => {});
  await Deno.remove(target, { recursive: true }).catch(() => {});
  await Deno.rename(dir, target);
  for (const file of [IMAGE_FILES.disk, IMAGE_FILES.kernel, IMAGE_FILES.initramfs]) {
    await replaceLink(join(imageHome(name), file), join(basename(target), file));
  }
}

/** A stable path for each file of the current version: what a platform's config names. */
async function replaceLink(path: string, target: string): Promise<void> {
  const fresh = `${path}.new`;
  await Deno.remove(fresh).catch(() => {});
  // By ln, since Deno.symlink() wants permission to write everywhere.
  await runChecked(["ln", "-s", target, fresh], { what: "link the image" });
  await Deno.rename(fresh, path);
}

async function removeLeftovers(home: string): Promise<void> {
  for await (const entry of Deno.readDir(home)) {
    if (!entry.isDirectory || !/^(tree|version)-/.test(entry.name)) continue;
    await removeTree(join(home, entry.name));
  }
}

async function removeTree(path: string): Promise<void> {
  const command = ["rm", "-rf", "--", path];
  await run(
    Deno.uid() === 0
      ? command
      : ["unshare", "--user", "--map-root-user", "--map-auto", "--", ...command],
  );
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
