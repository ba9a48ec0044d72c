import type { OptionSpec } from "../cli/spec.ts";

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

/** The page that a task writes beside its table. */
export const HTML_OPTION: OptionSpec = {
  name: "html",
  type: "string",
  value: "FILE",
  help: "also write a page with a timeline of each platform's phases",
};

/** How a guest is made, for every task that starts one. */
export const GUEST_OPTIONS: readonly OptionSpec[] = [
  {
    name: "accel",
    type: "string",
    value: "NAME",
    choices: ["auto", "kvm", "hvf", "tcg"],
    default: "auto",
    help: "the accelerator; auto takes the first that is proven to work",
  },
  { name: "memory", type: "number", unit: "MiB", min: 128, help: "memory of each guest" },
  {
    name: "append",
    type: "string",
    value: "WORDS",
    help: "more words for the guest kernel's command line",
  },
  { name: "cores", type: "number", min: 1, max: 256, help: "CPUs of each guest" },
];
