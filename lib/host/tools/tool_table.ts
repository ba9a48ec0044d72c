import type { HostFacts } from "../facts.ts";
import { IMAGE_TOOLS } from "./image_tools.ts";
import { NATIVE_TOOLS } from "./native_tools.ts";
import { PART_TOOLS } from "./part_tools.ts";
import { TEST_TOOLS } from "./test_tools.ts";
import type { Tool, ToolGroup } from "./tool.ts";
import { VM_TOOLS } from "./vm_tools.ts";

export type { Tool, ToolGroup, ToolNeed } from "./tool.ts";

/** Every tool, in the order in which `check` lists them. */
export const TOOLS: readonly Tool[] = [
  ...NATIVE_TOOLS,
  ...IMAGE_TOOLS,
  ...VM_TOOLS,
  ...PART_TOOLS,
  ...TEST_TOOLS,
];

/** Every group, in the order in which `check` lists them. */
export const TOOL_GROUPS: readonly ToolGroup[] = [
  "native",
  "image",
  "binfmt",
  "seed",
  "init",
  "vm",
  "rust",
  "kernel",
  "parts",
  "nixos",
  "test",
  "browser",
];

/** What only Linux can do; elsewhere images come from a Linux machine, as finished files. */
export const IMAGE_GROUPS: readonly ToolGroup[] = [
  "image",
  "binfmt",
  "init",
  "kernel",
  "parts",
];

const TASK_GROUPS: Readonly<Record<string, readonly ToolGroup[]>> = {
  "build-all": ["native", "image", "binfmt", "init", "vm"],
  "setup-images": ["image", "binfmt", "seed", "init", "vm"],
  "build-vm": ["vm"],
  "vm-run": ["vm"],
  "check-images": ["vm"],
  "vm-ssh": ["vm"],
  "arm-dev-init": ["image", "binfmt", "init", "vm", "nixos"],
  "arm-dev": ["vm"],
  "arm-dev-ssh": ["vm"],
  "build-native": ["native"],
  "test": ["native", "image", "binfmt", "seed", "vm", "rust", "kernel", "parts", "test", "browser"],
  "bench": ["image", "binfmt", "init", "vm"],
  "build-images": ["rust", "kernel", "parts", "image", "binfmt"],
  "build-guest-agent": ["rust"],
  "build-tiny-init": ["rust"],
  "extract-kernel": ["parts"],
  "build-kernel": ["kernel", "parts"],
  "build-initramfs": ["rust", "parts"],
  "build-qcow2": ["rust", "parts", "image", "binfmt"],
};

/** The tasks that need any tools. */
export const TOOL_TASKS: readonly string[] = Object.keys(TASK_GROUPS);

/** The groups that a task needs; only `setup-images` asks for those of images on all hosts. */
export function groupsForTask(task: string, os: HostFacts["os"]): readonly ToolGroup[] {
  const groups = TASK_GROUPS[task] ?? [];
  if (os === "linux" || task === "setup-images") return groups;
  return groups.filter((group) => !IMAGE_GROUPS.includes(group));
}
