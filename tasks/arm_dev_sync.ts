// Syncs the ARM dev guest's copy of the project in both directions.
//   deno task arm-dev-sync [--dry-run]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-sync",
  group: DEV_GROUP,
  summary: "Sync the ARM dev guest's copy of the project in both directions",
  description: [
    "For a guest that was started with --share rsync. Lists the files before it copies them. Nothing",
    "is deleted on the host, files that are overwritten on the host are saved, and files that were",
    "changed on both sides are left alone and reported.",
  ].join("\n"),
  omit: ["yes"],
  examples: [
    { goal: "see what would be copied", command: "deno task arm-dev-sync --dry-run" },
    { goal: "copy the guest's work to the host", command: "deno task arm-dev-sync" },
  ],
  runs: "rsync, and find over ssh",
  env: DEV_ENV,
  exits: [{ status: "1", help: "files were changed on both sides; the others were copied" }],
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
  if (backup !== undefined) ctx.log.info(`Overwritten files were saved to ${backup}`);
  const ok = plan.conflicts.length === 0;
  ctx.result({ ok, name, dryRun: ctx.dryRun, backup: backup ?? null, ...plan });
  return ok ? 0 : 1;
}

if (import.meta.main) await runTask(spec, main);
