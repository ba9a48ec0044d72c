import { join } from "@std/path";
import { HostError } from "../../cli/errors.ts";
import { DEB_ARCH } from "../../config/archs.ts";
import { runChecked } from "../../host/process.ts";
import { imageCacheDir, root } from "../../host/paths.ts";
import { type RecipeInput, recipeKey } from "../../cache/recipe.ts";
import { ensureBinfmt } from "../binfmt.ts";
import { type RootTree, unpackTree } from "../disk.ts";
import type { ElfArch } from "../elf.ts";
import { buildRootfs } from "../rootfs.ts";
import { moduleInputs, sourceInput } from "../source_input.ts";
import type { Variant } from "./artifact.ts";
import { checkArch } from "./check_arch.ts";
import { SUITE } from "./debian_package.ts";
import { embedded } from "./embedded.ts";
import { type FileSystem, writeFileSystem } from "./file_system.ts";
import { type PartBuildOptions, partPath, type PartRecipe } from "./store.ts";

/** What each variant has beside Debian's base. */
export const VARIANT_PACKAGES: Readonly<Record<Variant, readonly string[]>> = {
  raw: [],
  python: ["python3"],
  node: ["nodejs"],
};

/** Where the agent lies in the root; tiny-init starts it from there. */
const AGENT_PATH = "usr/sbin/guest-agent";
const PROVISION = "provision/variant.sh";

/** What {@link variantDisk} takes. */
export interface VariantOptions {
  readonly variant: Variant;
  readonly arch: ElfArch;
  readonly fs: FileSystem;
  /** The agent's file in `images/dist`. */
  readonly agent: string;
  readonly output: string;
}

/** How to make the disk of a variant: Debian's packages, and the agent as its PID 1. */
export async function variantDisk(options: VariantOptions): Promise<PartRecipe> {
  const { variant, arch, fs, agent, output } = options;
  return {
    title: `${variant} ${arch}`,
    outputs: [output],
    inputs: [
      ...rootfsInputs(variant, arch),
      await embedded("guest-agent", agent),
      { name: "file system", value: fs },
      ...moduleInputs("parts/variant", "parts/file_system", "disk"),
    ],
    async build(dir, build) {
      const tar = await ensureRootfs(options, build);
      build.onPhase("unpack");
      await using tree = await unpackTree(tar, dir, build);
      await addAgent(tree, options, build);
      build.onPhase("disk");
      await writeFileSystem(tree, join(dir, output), fs, build);
    },
  };
}

/** The slow stage, which stays the same when only the agent changes. */
function rootfsInputs(variant: Variant, arch: ElfArch): RecipeInput[] {
  return [
    { name: "rootfs", value: { suite: SUITE, arch, packages: VARIANT_PACKAGES[variant] } },
    ...moduleInputs("rootfs"),
    ...["rootfs_hook.sh", "native_programs_hook.sh"].map((name) =>
      sourceInput(`lib/image/${name}`)
    ),
    sourceInput(PROVISION),
  ];
}

/** Debian's packages as a tar file, kept in the image cache. */
async function ensureRootfs(
  { variant, arch }: VariantOptions,
  { signal, log, onPhase }: PartBuildOptions,
): Promise<string> {
  const { key } = await recipeKey(rootfsInputs(variant, arch));
  const prefix = `rootfs-${variant}-${arch}-`;
  const name = `${prefix}${key.slice(0, 16)}.tar.zst`;
  const output = join(imageCacheDir(), name);
  if (await Deno.stat(output).then(() => true, () => false)) return output;
  await using binfmt = await ensureBinfmt(arch);
  if (binfmt.kind === "none") {
    throw new HostError(`Cannot install packages for ${arch}: ${binfmt.reason}`, {
      next: `run it as root, or build for ${Deno.build.arch} only`,
    });
  }
  onPhase("packages");
  // mmdebstrap chooses the compression by the name, so the part file ends alike.
  const part = join(imageCacheDir(), `.part-${name}`);
  await using unfinished = new AsyncDisposableStack();
  unfinished.defer(() => Deno.remove(part).catch(() => {}));
  await buildRootfs({
    ...{ suite: SUITE, debArch: DEB_ARCH[arch], arch, packages: VARIANT_PACKAGES[variant] },
    provision: join(root, PROVISION),
    // Never used: the packages are configured here and now.
    firstBoot: join(root, PROVISION),
  }, {
    ...{ output: part, configure: "now", log, signal },
    stageRecord: join(imageCacheDir(), `stage-${variant}-${arch}`),
  });
  for await (const entry of Deno.readDir(imageCacheDir())) {
    if (entry.name.startsWith(prefix)) await Deno.remove(join(imageCacheDir(), entry.name));
  }
  await Deno.rename(part, output);
  return output;
}

async function addAgent(
  tree: RootTree,
  { agent, arch }: VariantOptions,
  { signal }: PartBuildOptions,
): Promise<void> {
  const path = partPath(agent);
  checkArch(await Deno.readFile(path), arch, path);
  const target = join(tree.path, AGENT_PATH);
  const command = ["install", "-m", "755", "-o", "0", "-g", "0", path, target];
  await runChecked(tree.inside(command), { what: "add the guest agent", signal });
}
