// Brings the ARM dev guest's copy of the project up to date, both ways.
//   deno task arm-dev-sync [--dry-run]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-sync",
  group: DEV_GROUP,
  summary: "Bring the ARM dev guest's copy of the project up to date, both ways",
  description: [
    "For a guest that was started with --share rsync. First tells what it will copy. Nothing is",
    "deleted on the host, what it overwrites here is kept, and what both sides have changed is left",
    "alone and told of.",
  ].join("\n"),
  omit: ["yes"],
  examples: [
    { goal: "see what would be copied", command: "deno task arm-dev-sync --dry-run" },
    { goal: "bring the guest's work here", command: "deno task arm-dev-sync" },
  ],
  runs: "rsync, find by ssh",
  env: DEV_ENV,
  exits: [{ status: "1", help: "files were changed on both sides; the others are copied" }],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { requireAnswering } = await import("../lib/dev/entered.ts");
  const { loadDevConfig } = await import("../lib/dev/load_dev.ts");
  const { connectDev } = await import("../lib/dev/connect_dev.ts");
  const { requireCopy, syncRecord } = await import("../lib/dev/sync/sync_record.ts");
  const { planLines } = await import("../lib/dev/sync/sync_plan.ts");
  const { name } = await loadDevConfig();
  const record = await requireAnswering(ctx, name);
  requireCopy(record);
  await using ssh = await connectDev(record, { signal: ctx.signal });
  const { plan, run } = await syncRecord(record, ssh, {
    onWarning: (text) => ctx.log.warn(text),
    signal: ctx.signal,
  });
  planLines(plan).forEach((line) => ctx.print(line));
  const backup = ctx.dryRun ? undefined : await run();
  if (backup !== undefined) ctx.log.info(`What it overwrote here is in ${backup}`);
  const ok = plan.conflicts.length === 0;
  ctx.result({ ok, name, dryRun: ctx.dryRun, backup: backup ?? null, ...plan });
  return ok ? 0 : 1;
}

if (import.meta.main) await runTask(spec, main);
