// Destroys the ARM dev guest.
//   deno task arm-dev-reset [--yes]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-reset",
  group: DEV_GROUP,
  summary: "Destroy the ARM dev guest's disk",
  description: [
    "Asks for the guest's name first. The disk is removed, including the home of its user; the",
    "project on the host, which the guest shares, is never touched.",
  ].join("\n"),
  examples: [
    { goal: "see what would be destroyed", command: "deno task arm-dev-reset --dry-run" },
    { goal: "start over, in a script", command: "deno task arm-dev-reset --yes" },
  ],
  env: DEV_ENV,
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { resetDev } = await import("../lib/dev/reset.ts");
  const { confirmReset } = await import("../lib/dev/confirm_reset.ts");
  const { fileText } = await import("../lib/dev/state/dev_files.ts");
  const { loadDevConfig } = await import("../lib/dev/load_dev.ts");
  const { name } = await loadDevConfig();
  const files = await resetDev({
    name,
    signal: ctx.signal,
    onNote: (text) => ctx.log.info(text),
    confirm: (files) => confirmReset(ctx, name, files),
    dryRun: ctx.dryRun,
  });
  ctx.result({ ok: true, name, dryRun: ctx.dryRun, destroyed: files });
  if (ctx.dryRun) files.forEach((file) => ctx.print(fileText(file)));
  else {ctx.log.info(
      files.length === 0 ? `There is no guest "${name}"` : `Guest "${name}" was destroyed`,
    );}
}

if (import.meta.main) await runTask(spec, main);
