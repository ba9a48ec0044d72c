import { join } from "@std/path";
import { $ } from "../../base/process/dollar.ts";
import { root } from "../../base/files/paths.ts";
import type { RecipeInput } from "../../store/recipe.ts";
import type { BuildOptions } from "../../store/ensure_built.ts";
import { type RootTree, unpackTree } from "../disk/file_systems.ts";
import { ARCH, type Arch } from "../../config/archs.ts";
import { ensureRootfsTar } from "../system/debian/rootfs_tar.ts";
import { hookInputs, packagesStage } from "../system/debian/rootfs.ts";
import { scriptInput, stageInput } from "../stages.ts";
import type { Variant } from "../../config/parts.ts";
import { checkArch } from "./check_arch.ts";
import { SUITE } from "../system/debian/debian_package.ts";
import { fileSystemCommands, writeFileSystem } from "./file_system.ts";
import type { FileSystem } from "../../config/parts.ts";
import { partPath, type PartRecipe } from "./part_store.ts";

/** What each variant has beside Debian's base. */
const VARIANT_PACKAGES: Readonly<Record<Variant, readonly string[]>> = {
  raw: [],
  python: ["python3"],
  node: ["nodejs"],
};

/** Where the agent lies in the root; tiny-init starts it from there. */
const AGENT_PATH = "usr/sbin/guest-agent";
const PROVISION = "provision/variant.sh";

interface VariantRoot {
  readonly variant: Variant;
  readonly arch: Arch;
}

interface VariantOptions extends VariantRoot {
  readonly fs: FileSystem;
  /** The agent's file in `images/dist`. */
  readonly agent: string;
  readonly output: string;
}

/** How to make the disk of a variant: Debian's packages, and the agent as its PID 1. */
export function variantDisk(options: VariantOptions): PartRecipe {
  const { variant, arch, fs, agent, output } = options;
  return {
    title: `${variant} ${arch}`,
    outputs: [output],
    embeds: [{ name: "guest-agent", file: agent }],
    inputs: [
      ...variantRootfsInputs(options),
      stageInput("variant", {
        agent: AGENT_PATH,
        ...fileSystemCommands(fs, { tree: "TREE", raw: "RAW", qcow2: "QCOW2" }),
      }),
    ],
    async build(dir, build) {
      // Before the minutes that installing packages may take.
      const path = partPath(agent);
      checkArch(await Deno.readFile(path), arch, path);
      await using tree = await unpackPackages(options, dir, build);
      await addAgent(tree, path, build);
      build.onPhase("disk");
      await writeFileSystem(tree, join(dir, output), fs, build);
    },
  };
}

/** What is installed for a variant, which stays the same when only the agent changes. */
export function variantRootfsInputs({ variant, arch }: VariantRoot): RecipeInput[] {
  const packages = VARIANT_PACKAGES[variant];
  return [
    stageInput(
      "packages",
      packagesStage({ suite: SUITE, debArch: ARCH[arch].debian, arch, packages }),
    ),
    // Its packages are configured here and now.
    ...hookInputs(["now"]),
    scriptInput("provisioning", PROVISION),
  ];
}

/** What the tar file of a variant's packages is named for. */
export const variantRootfsName = ({ variant, arch }: VariantRoot): string => `${variant}-${arch}`;

async function unpackPackages(
  { variant, arch }: VariantRoot,
  dir: string,
  build: BuildOptions,
): Promise<RootTree> {
  await using rootfs = await ensureRootfsTar({
    name: variantRootfsName({ variant, arch }),
    recipe: {
      ...{ suite: SUITE, debArch: ARCH[arch].debian, arch, packages: VARIANT_PACKAGES[variant] },
      provision: join(root, PROVISION),
      // Never used: the packages are configured here and now.
      firstBoot: join(root, PROVISION),
    },
    inputs: variantRootfsInputs({ variant, arch }),
  }, build);
  build.onPhase("unpack");
  return await unpackTree(rootfs.path, dir, build);
}

async function addAgent(
  tree: RootTree,
  path: string,
  { signal }: BuildOptions,
): Promise<void> {
  const target = join(tree.path, AGENT_PATH);
  const command = ["install", "-m", "755", "-o", "0", "-g", "0", path, target];
  await $`${tree.inside(command)}`.signal(signal).what("add the guest agent");
}
