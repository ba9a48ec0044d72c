// Applies the current configuration to the running ARM dev guest.
//   deno task arm-dev-update
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP, NIXOS_ENV } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-update",
  group: DEV_GROUP,
  summary: "Apply the current configuration to the running ARM dev guest",
  description: [
    "NixOS builds and activates what is in nix/; Debian is provisioned again. The guest does it by",
    "itself, and takes it back by itself, at its next start at the latest, unless this task can log",
    "in anew afterwards. No restart, unless the kernel has changed: then the task says so, and",
    "leaves it to you.",
  ].join("\n"),
  options: [{
    name: "confirm-seconds",
    type: "number",
    min: 10,
    max: 3600,
    default: 60,
    unit: "s",
    help: "how long the guest waits for the new login before it takes the update back",
  }],
  omit: ["yes"],
  examples: [
    { goal: "apply an edited nix/configuration.nix", command: "deno task arm-dev-update" },
    { goal: "see what would be copied and run", command: "deno task arm-dev-update --dry-run" },
  ],
  env: [...DEV_ENV, ...NIXOS_ENV.slice(0, 1)],
  runs: "rsync, then in the guest nixos-rebuild build",
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { runUpdate } = await import("../lib/dev/update_task.ts");
  await runUpdate(ctx);
}

if (import.meta.main) await runTask(spec, main);
