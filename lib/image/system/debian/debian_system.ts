import type { PlatformOf } from "../../../config/platform.ts";
import type { GuestSystem } from "../guest_system.ts";
import { debianCommands } from "./debian_commands.ts";
import { debianSeeds } from "./debian_seeds.ts";
import { dryRun, rootStages, stages } from "./debian_stages.ts";

/** Debian, made from its packages by mmdebstrap; boots by its own kernel, and is logged in to by SSH. */
export const debian: GuestSystem<PlatformOf<"debian">> = {
  boot: "kernel",
  tools: ["image", "binfmt"],
  commands: debianCommands,
  seeds: debianSeeds,
  rootStages,
  stages,
  check: async (signal) => await (await import("./user_namespace.ts")).checkUserNamespace(signal),
  // Loaded by those who build; guests start without it.
  build: async (platform, options) =>
    await (await import("./build_debian.ts")).buildDebian(platform, options),
  dryRun,
};
