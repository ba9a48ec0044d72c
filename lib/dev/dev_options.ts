import type { OptionSpec } from "../cli/spec.ts";
import { ACCEL_OPTION, PROJECT_OPTION } from "../image/parts/common_options.ts";
import { SHARE_MODES } from "../config/dev_names.ts";

/** The system that these tasks belong to. */
export const DEV_GROUP = "dev guest";

/** Where the dev guest's files are. */
export const DEV_ENV = [
  { name: "GUESTHOUSE_STATE", help: "directory of guests and keys (default: .guesthouse)" },
  { name: "GUESTHOUSE_HOST_STORE", help: "directory of the host's Nix (default: /nix)" },
] as const;

/** Where a NixOS guest's parts come from. */
export const NIXOS_ENV = [
  { name: "GUESTHOUSE_NIX", help: "directory of the NixOS configuration (default: nix)" },
  { name: "GUESTHOUSE_NIXOS_FARM", help: "address of a mirror of NixOS's build farm" },
] as const;

/** How to start the guest, for the tasks that may start it. */
export const START_OPTIONS = [
  PROJECT_OPTION,
  {
    name: "share",
    type: "string",
    value: "MODE",
    choices: SHARE_MODES,
    help: "how the guest sees the project (default: the mode in configs/arm_dev.ts)",
  },
  { name: "read-only", type: "boolean", help: "give the guest read-only access to the project" },
  {
    name: "host-store",
    type: "boolean",
    help: "let the guest use the host's Nix store",
  },
  {
    name: "ssh-port",
    type: "number",
    min: 1,
    max: 65535,
    help:
      "port on 127.0.0.1 that is forwarded to the guest's SSH (default: that in configs/arm_dev.ts)",
  },
  { name: "memory", type: "number", unit: "MiB", min: 512, help: "memory of the guest" },
  { name: "cores", type: "number", min: 1, max: 256, help: "CPUs of the guest" },
  ACCEL_OPTION,
] as const satisfies readonly OptionSpec[];
