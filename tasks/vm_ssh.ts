// Connects to a guest that was left running with --keep.
//   deno task vm-ssh PLATFORM [-- CMD...]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { PLATFORM_POSITIONAL } from "../lib/image/parts/common_options.ts";

export const spec = {
  name: "vm-ssh",
  group: "local CI",
  summary: "Connect to a guest that was left running with --keep",
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
  const { joinKept, keptTarget, requireKept, sessionOf } = await import("../lib/vm/kept.ts");
  const { runInLiving, sshCommand } = await import("../lib/guest/living.ts");
  const record = await requireKept(ctx.positionals[0]);
  const session = sessionOf(ctx.rest);
  if (ctx.dryRun) {
    const { commandText } = await import("../lib/base/text/command_text.ts");
    const { controlPath } = await keptTarget(record);
    ctx.print(commandText(sshCommand(`${controlPath}.conf`, session.text, session.terminal)));
    return 0;
  }
  const { startLogs } = await import("../lib/base/files/log_files.ts");
  const { warnOfNetwork } = await import("../lib/vm/run_command.ts");
  await using logs = await startLogs(`vm-ssh-${record.platform}`);
  await using kept = await joinKept(record, logs, ctx.signal);
  const status = await runInLiving({ ...kept, env: kept.network.env }, session, ctx.signal);
  if (status !== 0) warnOfNetwork(kept.network, (text) => ctx.log.warn(text));
  return status;
}

if (import.meta.main) await runTask(spec, main);
