import { bsdCommands } from "../bsd/bsd_commands.ts";
import { bsdSeed } from "../bsd/bsd_seed.ts";
import { dryRun, rootStages, stages } from "../bsd/bsd_stages.ts";
import type { BsdPlatform, BsdTraits } from "../bsd/bsd_traits.ts";
import type { GuestSystem } from "../guest_system.ts";
import { NETBSD_LOADER } from "./netbsd_loader.ts";

const TRAITS: BsdTraits = {
  script: "provision/netbsd.sh",
  certificates: "/etc/openssl/certs/ca-certificates.crt",
  sudoersDir: "usr/pkg/etc/sudoers.d",
  loader: NETBSD_LOADER,
};

/** NetBSD's images of an installed system: the live image of PCs, and arm64.img. */
export const netbsd: GuestSystem<BsdPlatform> = {
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
