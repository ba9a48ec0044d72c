// Creates the ARM dev guest: its disk, a first boot, its configuration applied.
//   deno task arm-dev-init [--flavour nixos|debian] [--force]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { ACCEL_OPTION } from "../lib/image/parts/common_options.ts";
import { FLAVOURS } from "../lib/config/dev_names.ts";
import { DEV_ENV, DEV_GROUP, NIXOS_ENV } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-init",
  group: DEV_GROUP,
  summary: "Create the ARM dev guest: image, first boot, configuration",
  description: [
    "It can be interrupted at any time; the next run resumes. An existing guest is replaced only with",
    "--force, and only once its replacement is complete: its disk is then destroyed, including the",
    "home of its user. The project on the host is never touched.",
  ].join("\n"),
  options: [
    {
      name: "flavour",
      type: "string",
      value: "NAME",
      choices: FLAVOURS,
      help: "what the guest runs (default: the flavour in configs/arm_dev.ts)",
    },
    { name: "force", type: "boolean", help: "destroy the existing guest" },
    { name: "fresh", type: "boolean", help: "build and download everything again, reuse nothing" },
    { name: "disk", type: "number", unit: "GiB", min: 8, max: 4096, help: "size of its disk" },
    { name: "memory", type: "number", unit: "MiB", min: 512, help: "memory during its first boot" },
    { name: "cores", type: "number", min: 1, max: 256, help: "CPUs during its first boot" },
    ACCEL_OPTION,
  ],
  examples: [
    { goal: "create a NixOS guest", command: "deno task arm-dev-init --yes" },
    {
      goal: "create a Debian guest, in minutes",
      command: "deno task arm-dev-init --flavour debian --yes",
    },
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
