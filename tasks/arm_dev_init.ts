// Makes the ARM dev guest: its disk, a first boot, its configuration applied.
//   deno task arm-dev-init [--flavour nixos|debian] [--force]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { ACCEL_OPTION } from "../lib/image/parts/common_options.ts";
import { FLAVOURS } from "../lib/config/dev_names.ts";
import { DEV_ENV, DEV_GROUP, NIXOS_ENV } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-init",
  group: DEV_GROUP,
  summary: "Make the ARM dev guest: image, first boot, configuration",
  description: [
    "It may be interrupted at any time; the next run takes up what was done. A guest that is there",
    "is only replaced with --force, and not before its successor is whole: its disk is then",
    "destroyed, the home of its user included. The project on the host is never touched.",
  ].join("\n"),
  options: [
    {
      name: "flavour",
      type: "string",
      value: "NAME",
      choices: FLAVOURS,
      help: "what the guest runs (default: as configs/arm_dev.ts says)",
    },
    { name: "force", type: "boolean", help: "destroy the guest that is there" },
    { name: "fresh", type: "boolean", help: "also build and download anew what could be reused" },
    { name: "disk", type: "number", unit: "GiB", min: 8, max: 4096, help: "size of its disk" },
    { name: "memory", type: "number", unit: "MiB", min: 512, help: "memory of its first boot" },
    { name: "cores", type: "number", min: 1, max: 256, help: "CPUs of its first boot" },
    ACCEL_OPTION,
  ],
  examples: [
    { goal: "make a NixOS guest", command: "deno task arm-dev-init --yes" },
    { goal: "be ready in minutes", command: "deno task arm-dev-init --flavour debian --yes" },
    { goal: "start over", command: "deno task arm-dev-init --force" },
  ],
  runs: "mmdebstrap, mke2fs -d, qemu-img, qemu-system-aarch64, ssh",
  env: [
    ...DEV_ENV,
    ...NIXOS_ENV,
    { name: "GUESTHOUSE_IMAGES", help: "directory of the images (default: images/dist)" },
  ],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { loadDev } = await import("../lib/dev/load_dev.ts");
  const { runInit } = await import("../lib/dev/init_task.ts");
  const config = await loadDev(ctx.opt);
  await runInit(ctx, config, spec.name);
}

if (import.meta.main) await runTask(spec, main);
