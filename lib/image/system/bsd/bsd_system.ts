import type { BsdKind } from "../../../config/bsd_entry.ts";
import type { PlatformOf } from "../../../config/platform.ts";
import type { Expected } from "../../../guest/expect.ts";
import { scriptInput, stageInput } from "../../stages.ts";
import type { GuestSystem } from "../guest_system.ts";
import { bsdCommands } from "./bsd_commands.ts";
import { bsdSeed } from "./bsd_seed.ts";
import { SHARED_SCRIPT } from "./scripts.ts";

/** What one BSD differs from the other in. */
export interface BsdTraits {
  /** The script that sets it up, relative to the checkout. */
  readonly script: string;
  /** The file of all certificates that it trusts. */
  readonly certificates: string;
  /** Where its sudo looks for files, relative to the root. */
  readonly sudoersDir: string;
  /** What is typed at its boot loader, if that asks: with `bios`. */
  readonly loader?: readonly Expected[];
}

/** A platform whose image is a BSD's own disk, set up over its serial console. */
export type BsdPlatform = PlatformOf<BsdKind>;

/** A BSD: boots from its disk, is set up once over its serial console, is logged in to by SSH. */
export const bsdSystem = (traits: BsdTraits): GuestSystem<BsdPlatform> => ({
  // `systemOf()` gives what the platform says.
  boot: "uefi",
  commands: bsdCommands(traits),
  seeds: { run: (seed) => bsdSeed(seed, traits.sudoersDir) },
  rootStages: ({ image: { source } }) => [stageInput("download", source)],
  stages: ({ image: { source, packages, diskGiB, firmware }, ssh: { user } }) => [
    stageInput("download", source),
    stageInput("console", {
      ...{ packages, diskGiB, firmware, user },
      loader: (traits.loader ?? []).map((one) => "answer" in one ? one.answer : ""),
    }),
    scriptInput("provisioning", traits.script),
    scriptInput("shared provisioning", SHARED_SCRIPT),
  ],
  // Loaded by those who build; guests start without it.
  build: async (platform, options) =>
    await (await import("./build_bsd.ts")).buildBsd(platform, traits, options),
  dryRun: ({ name, image }) => ({
    root: [],
    disk: [
      ["qemu-img", "convert", "-f", image.source.format, "-O", "qcow2", "DOWNLOAD", "stock.qcow2"],
      ["qemu-img", "resize", "-q", "-f", "qcow2", "stock.qcow2", `${image.diskGiB}G`],
      ["sh", traits.script, name],
    ],
  }),
});
