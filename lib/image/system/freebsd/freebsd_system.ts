import { bsdCommands } from "../bsd/bsd_commands.ts";
import { bsdSeed } from "../bsd/bsd_seed.ts";
import { dryRun, rootStages, stages } from "../bsd/bsd_stages.ts";
import type { BsdPlatform, BsdTraits } from "../bsd/bsd_traits.ts";
import type { GuestSystem } from "../guest_system.ts";
import { FREEBSD_LOADER } from "./freebsd_loader.ts";

const TRAITS: BsdTraits = {
  script: "provision/freebsd.sh",
  certificates: "/etc/ssl/cert.pem",
  sudoersDir: "usr/local/etc/sudoers.d",
  loader: FREEBSD_LOADER,
};

/** FreeBSD's images for virtual machines: boot from their disk, are set up once over their console. */
export const freebsd: GuestSystem<BsdPlatform> = {
  // `systemOf()` gives what the platform says.
  boot: "uefi",
  tools: [],
  commands: bsdCommands(TRAITS),
  seeds: { run: (seed) => bsdSeed(seed, TRAITS.sudoersDir) },
  rootStages,
  stages: (platform) => stages(TRAITS, platform),
  // Loaded by those who build; guests start without it.
  build: async (platform, options) =>
    await (await import("../bsd/build_bsd.ts")).buildBsd(platform, TRAITS, options),
  dryRun,
};
