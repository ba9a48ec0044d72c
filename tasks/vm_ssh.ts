// Connects to a guest that was left up with --keep.
//   deno task vm-ssh PLATFORM [-- CMD...]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { PLATFORM_POSITIONAL } from "../lib/build/common_options.ts";

export const spec = {
  name: "vm-ssh",
  group: "local CI",
  summary: "Connect to a guest that was left up with --keep",
  positionals: [PLATFORM_POSITIONAL],
  rest: { name: "CMD", help: "run this instead of a login shell" },
  omit: ["json", "yes"],
  examples: [
    { goal: "look around after a build", command: "deno task vm-ssh debian-amd64" },
    { goal: "run one command", command: "deno task vm-ssh debian-amd64 -- uname -a" },
  ],
  runs: "ssh",
  exits: [{ status: "other", help: "the status of the shell, or of CMD" }],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { requireKept } = await import("../lib/build/kept.ts");
  const { interactiveSshCommand } = await import("../lib/build/kept.ts");
  const record = await requireKept(ctx.positionals[0]);
  const command = await interactiveSshCommand(record, ctx.rest);
  if (ctx.dryRun) {
    const { commandText } = await import("../lib/host/command_text.ts");
    ctx.print(commandText(command));
    return 0;
  }
  const { runInTerminal } = await import("../lib/host/terminal.ts");
  return await runInTerminal(command);
}

if (import.meta.main) await runTask(spec, main);
