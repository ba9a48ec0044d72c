// Lists the running guests.
//   deno task vm-list [--json]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";

export const spec = {
  name: "vm-list",
  group: "local CI",
  summary: "List the running guests",
  omit: ["dry-run", "yes"],
  examples: [
    { goal: "see which guests were left running", command: "deno task vm-list" },
    { goal: "use it in a script", command: "deno task vm-list --json" },
  ],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { listRuns, sweepRuns } = await import("../lib/guest/runs.ts");
  const { renderTable } = await import("../lib/base/terminal/table.ts");
  await sweepRuns();
  const guests = await listRuns();
  ctx.result({ ok: true, guests });
  if (ctx.json) return;
  if (guests.length === 0) {
    ctx.log.info("No guest is running. To leave one running: deno task build-vm PLATFORM --keep");
    return;
  }
  const rows = guests.map((guest) => [
    guest.platform,
    guest.kept ? "kept" : "in use",
    String(guest.sshPort),
    String(guest.pid),
    guest.accelerator,
    `${guest.memoryMiB} MiB`,
    guest.started,
    guest.project ?? "-",
  ]);
  const header = ["platform", "state", "port", "pid", "accel", "memory", "started", "project"];
  ctx.print(renderTable([header, ...rows], { right: [2, 3, 5] }).trimEnd());
}

if (import.meta.main) await runTask(spec, main);
