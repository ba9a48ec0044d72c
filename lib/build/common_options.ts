import type { OptionSpec, PositionalSpec } from "../cli/spec.ts";
import { platformNames } from "../config/platform_names.ts";
import { platformsDir } from "../host/paths.ts";

/** The platform of a task that takes exactly one. */
export const PLATFORM_POSITIONAL: PositionalSpec = {
  name: "PLATFORM",
  help: "the guest's platform",
  required: true,
  choices: () => platformNames(platformsDir),
};

/**
 * The platforms of a task that takes any number of them.
 *
 * @param help what they are to the task
 * @param others what fits beside platforms, listed before them
 */
export function platformsPositional(
  help: string,
  others: readonly string[] = [],
): PositionalSpec {
  return {
    name: "PLATFORM",
    help,
    repeat: true,
    choices: async () => [...others, ...await platformNames(platformsDir)],
  };
}

/** The option by which every build task is told the project. */
export const PROJECT_OPTION: OptionSpec = {
  name: "project",
  type: "string",
  value: "DIR",
  help: "the project (default: the git work tree you call from, else the sample)",
};

/** Where artifacts go. */
export const ARTIFACTS_OPTION: OptionSpec = {
  name: "artifacts",
  type: "string",
  value: "DIR",
  help: "where artifacts are copied to, a folder for each platform (default: artifacts/)",
};

/** What runs a guest's instructions. */
export const ACCEL_OPTION: OptionSpec = {
  name: "accel",
  type: "string",
  value: "NAME",
  choices: ["auto", "kvm", "hvf", "tcg"],
  default: "auto",
  help: "the accelerator; auto takes the first that is proven to work",
};

/** The page that a task writes beside its table. */
export const HTML_OPTION: OptionSpec = {
  name: "html",
  type: "string",
  value: "FILE",
  help: "also write a page with a timeline of each platform's phases",
};

/** Whether what a build leaves behind is there the next time. */
export const INCREMENTAL_OPTION: OptionSpec = {
  name: "incremental",
  type: "boolean",
  help: "keep the build tree and ccache of this project for the next time",
};

/** How a guest is made, for every task that starts one. */
export const GUEST_OPTIONS: readonly OptionSpec[] = [
  ACCEL_OPTION,
  { name: "memory", type: "number", unit: "MiB", min: 128, help: "memory of each guest" },
  {
    name: "append",
    type: "string",
    value: "WORDS",
    help: "more words for the guest kernel's command line",
  },
  {
    name: "cold",
    type: "boolean",
    help: "boot the guest, even if there is a memory snapshot to start from",
  },
  { name: "cores", type: "number", min: 1, max: 256, help: "CPUs of each guest" },
];
