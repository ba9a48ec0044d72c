// Kills the ARM dev guest: the recorded process, and no other.
//   deno task arm-dev-kill
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-kill",
  group: DEV_GROUP,
  summary: "Kill an ARM dev guest that does not shut down",
  description: [
    "Data that the guest has not written to its disk is lost. The process is identified by its pid,",
    "its start time and its command line, never by its name.",
  ].join("\n"),
  omit: ["yes"],
  examples: [{ goal: "end a guest that hangs", command: "deno task arm-dev-kill" }],
  runs: "kill",
  env: DEV_ENV,
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { killDev } = await import("../lib/dev/stop.ts");
  const { devState } = await import("../lib/dev/state/state.ts");
  const { loadDevConfig } = await import("../lib/dev/load_dev.ts");
  const config = await loadDevConfig();
  if (ctx.dryRun) {
    const state = await devState(config.name);
    return ctx.print(state.kind === "running" ? `kill ${state.record.qemu.pid}` : "not running");
  }
  const killed = await killDev({
    config,
    signal: ctx.signal,
    onStep: (step) => ctx.log.step(step),
    onNote: (text) => ctx.log.info(text),
  });
  ctx.result({ ok: true, name: config.name, pid: killed?.qemu.pid ?? null });
  ctx.log.info(`Guest "${config.name}" ${killed === undefined ? "is not running" : "was killed"}`);
}

if (import.meta.main) await runTask(spec, main);
