// Connects to the ARM dev guest, in the shared project.
//   deno task arm-dev-ssh [--start] [-- CMD...]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP, START_OPTIONS } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-ssh",
  group: DEV_GROUP,
  summary: "Connect to the ARM dev guest, in the shared project",
  description: [
    "Opens a login shell, or runs one command, in the project's directory and its dev shell. Standard",
    "input, output and error are passed through.",
  ].join("\n"),
  rest: { name: "CMD", help: "run this instead of a login shell" },
  options: [
    { name: "start", type: "boolean", help: "start the guest if it is not running" },
    { name: "plain", type: "boolean", help: "do not enter the dev shell" },
    ...START_OPTIONS,
  ],
  omit: ["json"],
  examples: [
    {
      goal: "work in the guest, and start it if necessary",
      command: "deno task arm-dev-ssh --start",
    },
    { goal: "run the tests there", command: "deno task arm-dev-ssh -- cargo test" },
  ],
  runs: "ssh",
  env: DEV_ENV,
  exits: [{ status: "other", help: "the status of the shell, or of CMD" }],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { requireRunning, runEntered } = await import("../lib/dev/entered.ts");
  const { loadDevConfig } = await import("../lib/dev/load_dev.ts");
  const { name } = await loadDevConfig();
  let record = await requireRunning(ctx, name, { orElse: ctx.opt.start });
  if (record === undefined) {
    const { bringUp, startRequest } = await import("../lib/dev/bring_up.ts");
    const request = await startRequest(ctx);
    await using guest = await bringUp(ctx, request, spec.name);
    await guest.release();
    record = guest.record;
  }
  return await runEntered(ctx, record);
}

if (import.meta.main) await runTask(spec, main);
