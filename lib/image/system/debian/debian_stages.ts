import { join } from "@std/path";
import type { PlatformOf } from "../../../config/platform.ts";
import { imageCacheDir } from "../../../base/files/paths.ts";
import type { RecipeInput } from "../../../store/recipe.ts";
import { bootModules, initEntries } from "../../boot/initramfs.ts";
import { diskCommands, unpackCommand } from "../../disk/file_systems.ts";
import { scriptInput, stageInput } from "../../stages.ts";
import type { GuestSystem } from "../guest_system.ts";
import { firstBootCommand } from "./first_boot.ts";
import { hookInputs, mmdebstrapCommand, packagesStage } from "./rootfs.ts";

/** The script that configures packages in the guest, where the host cannot. */
export const FIRST_BOOT = "provision/debian_first_boot.sh";

/** As {@link GuestSystem.rootStages}. */
export function rootStages(platform: PlatformOf<"debian">): RecipeInput[] {
  const { arch, image: { kernelPackage, provision, ...packages } } = platform;
  return [
    stageInput("packages", { ...packagesStage({ ...packages, arch }), kernelPackage }),
    ...hookInputs(["now", "first-boot"]),
    scriptInput("provisioning", provision),
    scriptInput("provisioning at the first boot", FIRST_BOOT),
  ];
}

/** As {@link GuestSystem.stages}. */
export function stages(platform: PlatformOf<"debian">): RecipeInput[] {
  const { arch, image: { diskGiB } } = platform;
  return [
    ...rootStages(platform),
    stageInput("image", {
      ...{ arch, unpack: unpackCommand("TAR", "TREE") },
      disk: diskCommands("TREE", "RAW", "QCOW2", diskGiB),
    }),
    stageInput("initramfs", {
      modules: bootModules(arch),
      entries: JSON.stringify(initEntries(new Uint8Array())),
    }),
    stageInput("first boot", firstBootCommand(platform, "DIR", "LOG")),
  ];
}

/** As {@link GuestSystem.dryRun}. */
export function dryRun(
  { name, arch, image }: PlatformOf<"debian">,
): ReturnType<GuestSystem["dryRun"]> {
  const output = join(imageCacheDir(), `rootfs-${name}.tar.zst`);
  const { mke2fs, convert } = diskCommands("TREE", "disk.raw", "disk.qcow2", image.diskGiB);
  const mmdebstrap = mmdebstrapCommand({ ...image, arch, firstBoot: "" }, {
    ...{ hooksDir: "HOOKS", output, configure: "now", isRoot: Deno.uid() === 0 },
  });
  return { root: [mmdebstrap], disk: [mke2fs, convert] };
}
