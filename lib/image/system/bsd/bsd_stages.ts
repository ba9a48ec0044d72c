import type { RecipeInput } from "../../../store/recipe.ts";
import { scriptInput, stageInput } from "../../stages.ts";
import type { GuestSystem } from "../guest_system.ts";
import type { BsdPlatform, BsdTraits } from "./bsd_traits.ts";
import { SHARED_SCRIPT } from "./scripts.ts";

/** As {@link GuestSystem.rootStages}. */
export const rootStages = ({ image: { source } }: BsdPlatform): RecipeInput[] => [
  stageInput("download", source),
];

/** As {@link GuestSystem.stages}. */
export function stages(traits: BsdTraits, platform: BsdPlatform): RecipeInput[] {
  const { image: { packages, diskGiB, firmware }, ssh: { user } } = platform;
  const loader = traits.loader.map((one) => "answer" in one ? one.answer : "");
  return [
    ...rootStages(platform),
    stageInput("console", { packages, diskGiB, firmware, user, loader }),
    scriptInput("provisioning", traits.script),
    scriptInput("shared provisioning", SHARED_SCRIPT),
  ];
}

/** As {@link GuestSystem.dryRun}. */
export const dryRun = ({ image }: BsdPlatform): ReturnType<GuestSystem["dryRun"]> => ({
  root: [],
  disk: diskCommands("DOWNLOAD", image.source.format, "disk.qcow2", image.diskGiB),
});

/** How a publisher's disk becomes the one that is provisioned. */
export const diskCommands = (
  download: string,
  format: string,
  disk: string,
  diskGiB: number,
): string[][] => [
  ["qemu-img", "convert", "-f", format, "-O", "qcow2", download, disk],
  ["qemu-img", "resize", "-q", "-f", "qcow2", disk, `${diskGiB}G`],
];
