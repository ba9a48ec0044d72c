// Shuts down guests that were left up with --keep.
//   deno task vm-stop PLATFORM...
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";
import { platformsPositional } from "../lib/build/common_options.ts";

export const spec: TaskSpec = {
  name: "vm-stop",
  group: "local CI",
  summary: "Shut down a guest that was left up with --keep",
  description: "What the guest holds is thrown away: its overlay is removed.",
  positionals: [platformsPositional("the guests' platforms")],
  options: [{ name: "all", type: "boolean", help: "stop every kept guest" }],
  omit: ["yes"],
  examples: [
    { goal: "stop one", command: "deno task vm-stop debian-amd64" },
    { goal: "stop all of them", command: "deno task vm-stop --all" },
  ],
  runs: "QMP system_powerdown, then quit; signals to what does not answer",
};

async function main(ctx: TaskContext): Promise<number> {
  const { UsageError } = await import("../lib/cli/errors.ts");
  const { requireKept, stopKept } = await import("../lib/build/kept.ts");
  const { listRuns } = await import("../lib/guest/runs.ts");
  if (!ctx.flag("all") && ctx.positionals.length === 0) {
    throw new UsageError('Cannot run "vm-stop": no platform is named', {
      next: "deno task vm-stop PLATFORM, or deno task vm-stop --all",
    });
  }
  const records = ctx.flag("all")
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
