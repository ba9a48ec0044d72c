// Starts the ARM dev guest, which then outlives the task.
//   deno task arm-dev [--foreground] [--gui] [--share MODE]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP, START_OPTIONS } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev",
  group: DEV_GROUP,
  summary: "Start the ARM dev guest, with the project shared",
  description: [
    "The guest keeps running in the background after the task and its terminal have ended. If it is",
    "already running, the task says so, and how to connect. Its disk is persistent.",
  ].join("\n"),
  options: [
    ...START_OPTIONS,
    {
      name: "foreground",
      type: "boolean",
      help: "show the serial console; the guest ends with the task (Ctrl-] shuts it down)",
    },
    { name: "gui", type: "boolean", help: "open a window with the guest's screen" },
  ],
  examples: [
    { goal: "start the guest with the project you are in", command: "deno task arm-dev" },
    { goal: "give it read-only access to the project", command: "deno task arm-dev --read-only" },
    { goal: "watch it boot, and work on its console", command: "deno task arm-dev --foreground" },
  ],
  runs: "qemu-system-aarch64, ssh",
  env: DEV_ENV,
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { bringUp, startRequest } = await import("../lib/dev/bring_up.ts");
  const request = await startRequest(ctx);
  if (ctx.dryRun) {
    const { startCommand } = await import("../lib/dev/dev_dry_run.ts");
    const { commandText } = await import("../lib/base/text/command_text.ts");
    return ctx.print(commandText(await startCommand(request)));
  }
  const task = spec.name;
  if (ctx.opt.foreground) {
    const { startInForeground } = await import("../lib/dev/foreground.ts");
    return await startInForeground(ctx, request, task);
  }
  const { announce, startedDocument } = await import("../lib/dev/announce.ts");
  await using guest = await bringUp(ctx, request, task);
  ctx.result(startedDocument(guest));
  announce(ctx, guest);
  await guest.release();
}

if (import.meta.main) await runTask(spec, main);
