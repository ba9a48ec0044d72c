import type { PlatformOf } from "../../../config/platform.ts";
import { SEED_SERIAL } from "../../../qemu/firmware_args.ts";
import { packTar } from "../../format/tar.ts";
import { scriptInput, stageInput } from "../../stages.ts";
import { seedEntries } from "../debian/debian_seeds.ts";
import type { GuestSystem, Seed, SystemSeeds } from "../guest_system.ts";
import { diskCommands, dryRun } from "./ubuntu_disk.ts";
import { debianCommands } from "../debian/debian_commands.ts";
import { userData } from "./user_data.ts";

/** Below which {@link seedEntries} lie. */
const SEED_ROOT = "seed/";
/** Of Debian's own SSH service, which Ubuntu does not have: its seed's service does that work. */
const DEBIAN_UNITS = "seed/etc/systemd/";

/** The same files as Debian's guests get, on a disk; `provision/ubuntu.sh` has what unpacks it. */
const seeds: SystemSeeds = {
  run: (seed) =>
    packTar(
      seedEntries(seed)
        .filter(({ path }) => !path.startsWith(DEBIAN_UNITS))
        .map((entry) => ({ ...entry, path: entry.path.slice(SEED_ROOT.length) })),
    ),
};

/** A seed with nothing of its own, for what decides what an image is made of. */
const NO_SEED: Seed = {
  hostKey: { secret: "", public: "" },
  ...{ authorizedKeys: "", hostname: "guest", certificates: "", user: "ci" },
};

/** Ubuntu's own image for clouds: cloud-init sets it up, and a script of ours makes it fast. */
export const ubuntu: GuestSystem<PlatformOf<"ubuntu">> = {
  commands: debianCommands,
  boot: "uefi",
  tools: ["seed"],
  seeds,
  rootStages: () => [],
  stages: ({ arch, ssh: { user }, image: { source, packages, diskGiB, provision } }) => [
    { name: "download", value: { url: source.url, format: source.format } },
    stageInput("cloud-init", {
      arch,
      userData: userData({ ...NO_SEED, user }, packages),
      disk: diskCommands({ path: "DOWNLOAD", format: source.format }, "DISK", diskGiB),
      serial: SEED_SERIAL,
    }),
    scriptInput("provisioning", provision),
  ],
  // Loaded by those who build; guests start without it.
  build: async (platform, options) =>
    await (await import("./build_ubuntu.ts")).buildUbuntu(platform, options),
  dryRun,
};
