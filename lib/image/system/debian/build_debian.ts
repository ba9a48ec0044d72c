import { dirname, join } from "@std/path";
import { TaskError } from "../../../base/errors.ts";
import { IMAGE_FILES, root } from "../../../base/files/paths.ts";
import { ARCH, type Arch } from "../../../config/archs.ts";
import type { PlatformOf } from "../../../config/platform.ts";
import { bootModules, buildInitramfs } from "../../boot/initramfs.ts";
import { findBuiltin, findModules, loadOrder } from "../../boot/modules.ts";
import { makeDisk, type RootTree, unpackTree } from "../../disk/file_systems.ts";
import type { SystemBuild } from "../guest_system.ts";
import { FIRST_BOOT, rootStages } from "./debian_stages.ts";
import { configureOnFirstBoot } from "./first_boot.ts";
import { ensureRootfsTar, type RootfsTar } from "./rootfs_tar.ts";

/**
 * Makes an image's files from Debian's packages; if the guest's programs cannot run, boots it once.
 */
export async function buildDebian(
  platform: PlatformOf<"debian">,
  options: SystemBuild,
): Promise<{ readonly dir: string; readonly kernelVersion: string }> {
  const { signal, onPhase } = options;
  await using rootfs = await installPackages(platform, options);
  onPhase("init");
  const init = await options.init;
  onPhase("unpack");
  const dir = await options.makeDir();
  await using tree = await unpackTree(rootfs.path, dirname(dir), { signal });
  onPhase("initramfs");
  const kernelVersion = await extractBootFiles(tree, platform.arch, init, dir);
  await Deno.writeTextFile(join(dir, IMAGE_FILES.packages), await installedPackages(tree));
  onPhase("disk");
  await makeDisk(tree, join(dir, IMAGE_FILES.disk), platform.image.diskGiB, { signal });
  if (rootfs.configure === "first-boot") {
    onPhase("first boot");
    await configureOnFirstBoot(platform, dir, options);
  }
  return { dir, kernelVersion };
}

/** Several minutes for a foreign architecture. */
async function installPackages(
  platform: PlatformOf<"debian">,
  options: SystemBuild,
): Promise<RootfsTar> {
  const { provision, ...packages } = platform.image;
  return await ensureRootfsTar({
    name: platform.name,
    recipe: {
      ...{ ...packages, arch: platform.arch },
      provision: join(root, provision),
      firstBoot: join(root, FIRST_BOOT),
    },
    inputs: rootStages(platform),
    mayWait: true,
    force: options.force,
  }, options);
}

/** Takes the kernel out of the tree and builds the initramfs for it; returns its version. */
async function extractBootFiles(
  tree: RootTree,
  arch: Arch,
  init: Uint8Array,
  dir: string,
): Promise<string> {
  const boot = join(tree.path, "boot");
  const names = (await Array.fromAsync(Deno.readDir(boot))).map((entry) => entry.name);
  const prefix = `${ARCH[arch].kernelFile}-`;
  const kernel = names.find((name) => name.startsWith(prefix));
  if (kernel === undefined) {
    throw new TaskError(1, `Cannot build the image: there is no kernel in ${boot}`);
  }
  const version = kernel.slice(prefix.length);
  await Deno.copyFile(join(boot, kernel), join(dir, IMAGE_FILES.kernel));
  const versionDir = join(tree.path, "usr/lib/modules", version);
  const modules = await loadOrder(
    bootModules(arch),
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
