import type { OptionValues } from "../../cli/option_values.ts";
import type { OptionSpec, PositionalSpec } from "../../cli/spec.ts";
import { NETWORK_MODES } from "../../config/network.ts";
import { platformNames } from "../../config/platform_names.ts";
import { platformsDir } from "../../base/files/paths.ts";

/** The platform of a task that takes exactly one. */
export const PLATFORM_POSITIONAL = {
  name: "PLATFORM",
  help: "the guest's platform",
  required: true,
  choices: () => platformNames(platformsDir),
} as const satisfies PositionalSpec;

/** The platforms of a task; `help` is what they are to it, `others` are listed before them. */
export function platformsPositional(help: string, others: readonly string[] = []) {
  return {
    name: "PLATFORM",
    help,
    repeat: true,
    choices: async () => [...others, ...await platformNames(platformsDir)],
  } as const satisfies PositionalSpec;
}

/** Selects the project of a build task. */
export const PROJECT_OPTION = {
  name: "project",
  type: "string",
  value: "DIR",
  help: "the project (default: the git work tree of the current directory, else the sample)",
} as const satisfies OptionSpec;

/** Where artifacts go. */
export const ARTIFACTS_OPTION = {
  name: "artifacts",
  type: "string",
  value: "DIR",
  help: "where to copy artifacts, a directory for each platform (default: artifacts/)",
} as const satisfies OptionSpec;

/** What runs a guest's instructions. */
export const ACCEL_OPTION = {
  name: "accel",
  type: "string",
  value: "NAME",
  choices: ["auto", "kvm", "hvf", "tcg"],
  default: "auto",
  env: "GUESTHOUSE_ACCEL",
  help: "the accelerator; auto selects the first that is proven to work",
} as const satisfies OptionSpec;

/** The page that a task writes beside its table. */
export const HTML_OPTION = {
  name: "html",
  type: "string",
  value: "FILE",
  help: "also write a page with a timeline of each platform's phases",
} as const satisfies OptionSpec;

/** Whether to keep the build tree for the next build. */
export const INCREMENTAL_OPTION = {
  name: "incremental",
  type: "boolean",
  help: "keep the build tree and ccache of this project for the next time",
} as const satisfies OptionSpec;

/** What guests may fetch, for the tasks that build a project. */
export const NETWORK_OPTION = {
  name: "network",
  type: "string",
  value: "RULE",
  suggestions: NETWORK_MODES,
  help: "what guests may fetch: internet, none, open, or HOST,HOST... (default: the project's)",
} as const satisfies OptionSpec;

/** How a guest is made, for every task that starts one. */
export const GUEST_OPTIONS = [
  ACCEL_OPTION,
  { name: "memory", type: "number", unit: "MiB", min: 128, help: "memory of each guest" },
  {
    name: "append",
    type: "string",
    value: "WORDS",
    help: "more parameters for the guest kernel's command line",
  },
  {
    name: "cold",
    type: "boolean",
    help: "boot the guest, even if there is a memory snapshot",
  },
  { name: "cores", type: "number", min: 1, max: 256, help: "CPUs of each guest" },
] as const satisfies readonly OptionSpec[];

/** What {@link GUEST_OPTIONS} say. */
export type GuestValues = OptionValues<typeof GUEST_OPTIONS>;
