// Shuts down guests that were left running with --keep.
//   deno task vm-stop PLATFORM...
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { platformsPositional } from "../lib/image/parts/common_options.ts";

export const spec = {
  name: "vm-stop",
  group: "local CI",
  summary: "Shut down a guest that was left running with --keep",
  description: "The guest's overlay is removed, with everything written to it.",
  positionals: [{
    ...platformsPositional("the guests' platforms"),
    required: true,
    unless: "all",
  }],
  options: [{ name: "all", type: "boolean", help: "stop every kept guest" }],
  conflicts: [{ between: ["PLATFORM", "all"] }],
  omit: ["yes"],
  examples: [
    { goal: "stop one", command: "deno task vm-stop debian-amd64" },
    { goal: "stop all of them", command: "deno task vm-stop --all" },
  ],
  runs: "QMP system_powerdown, then quit; signals if it does not answer",
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { requireKept, stopKept } = await import("../lib/vm/kept.ts");
  const { listRuns } = await import("../lib/guest/runs.ts");
  const records = ctx.opt.all
    ? (await listRuns()).filter(({ kept }) => kept)
    : await Promise.all(ctx.positionals.map((name) => requireKept(name)));
  const stopped = [];
  for (const record of records) {
    if (ctx.dryRun) {
      ctx.print(`system_powerdown ${record.id} (pid ${record.pid})`);
      continue;
    }
    ctx.log.step(`Shut down ${record.platform} (pid ${record.pid})`);
    stopped.push({ platform: record.platform, id: record.id, how: await stopKept(record) });
  }
  ctx.result({ ok: true, stopped });
  return 0;
}

if (import.meta.main) await runTask(spec, main);
