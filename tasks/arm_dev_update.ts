// Applies the current configuration to the running ARM dev guest.
//   deno task arm-dev-update
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP, NIXOS_ENV } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-update",
  group: DEV_GROUP,
  summary: "Apply the current configuration to the running ARM dev guest",
  description: [
    "NixOS builds and activates the configuration in nix/; Debian is provisioned again. Unless this",
    "task can log in again afterwards, the guest rolls back automatically, at the latest on the next",
    "boot. A restart is needed only if the kernel has changed: the task then says so, and leaves it",
    "to you.",
  ].join("\n"),
  options: [{
    name: "confirm-seconds",
    type: "number",
    min: 10,
    max: 3600,
    default: 60,
    unit: "s",
    help: "how long the guest waits for the new login before it rolls back the update",
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
