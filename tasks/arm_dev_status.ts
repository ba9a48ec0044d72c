// Shows the status of the ARM dev guest.
//   deno task arm-dev-status [--json]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-status",
  group: DEV_GROUP,
  summary: "Show whether the ARM dev guest is running, and its settings",
  omit: ["dry-run", "yes"],
  examples: [
    { goal: "see whether the guest is running", command: "deno task arm-dev-status" },
    { goal: "use it in a script", command: "deno task arm-dev-status --json" },
  ],
  env: DEV_ENV,
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { devStatus } = await import("../lib/dev/status.ts");
  const { statusText } = await import("../lib/dev/status_text.ts");
  const { loadDevConfig } = await import("../lib/dev/load_dev.ts");
  const status = await devStatus((await loadDevConfig()).name, ctx.signal);
  ctx.result({ ok: true, ...status });
  if (!ctx.json) ctx.print(statusText(status));
}

if (import.meta.main) await runTask(spec, main);
