// Shuts the ARM dev guest down cleanly.
//   deno task arm-dev-shutdown [--timeout S] [--force-after S]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-shutdown",
  group: DEV_GROUP,
  summary: "Shut the ARM dev guest down cleanly",
  description:
    "Asks it to shut down over SSH, then presses its power button. Never kills it without --force-after.",
  options: [
    {
      name: "timeout",
      type: "number",
      unit: "s",
      min: 1,
      default: 120,
      help: "give up after this, and leave the guest running",
    },
    {
      name: "force-after",
      type: "number",
      unit: "s",
      min: 1,
      help: "kill the guest if it is still running after this",
    },
  ],
  omit: ["yes"],
  examples: [
    { goal: "end the day", command: "deno task arm-dev-shutdown" },
    { goal: "make sure that it ends", command: "deno task arm-dev-shutdown --force-after 30" },
  ],
  runs: "systemctl poweroff over ssh, then QMP system_powerdown",
  env: DEV_ENV,
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { shutdownDev } = await import("../lib/dev/stop.ts");
  const { devState } = await import("../lib/dev/state/state.ts");
  const { loadDevConfig } = await import("../lib/dev/load_dev.ts");
  const config = await loadDevConfig();
  if (ctx.dryRun) {
    const state = await devState(config.name);
    const pid = state.kind === "running" ? ` (pid ${state.record.qemu.pid})` : ": not running";
    return ctx.print(`shut down ${config.name}${pid}`);
  }
  const force = ctx.opt.forceAfter;
  const by = await shutdownDev({
    config,
    signal: ctx.signal,
    timeoutMs: ctx.opt.timeout * 1000,
    ...(force === undefined ? {} : { forceAfterMs: force * 1000 }),
    onStep: (step) => ctx.log.step(step),
    onNote: (text) => ctx.log.info(text),
  });
  ctx.result({ ok: true, name: config.name, by });
  ctx.log.info(
    by === "not running"
      ? `Guest "${config.name}" is not running`
      : `Guest "${config.name}" is down${by === "kill" ? ": it was killed" : ""}`,
  );
}

if (import.meta.main) await runTask(spec, main);
