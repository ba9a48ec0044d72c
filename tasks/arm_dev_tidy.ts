// Frees space in the ARM dev guest, and on the host.
//   deno task arm-dev-tidy
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { DEV_ENV, DEV_GROUP } from "../lib/dev/dev_options.ts";

export const spec = {
  name: "arm-dev-tidy",
  group: DEV_GROUP,
  summary: "Free space in the ARM dev guest, and on the host",
  description: [
    "Removes old generations and unused paths of the Nix store, then trims the guest's disk, so that",
    "its file on the host shrinks. The next dev shell is built again. The guest must be running.",
  ].join("\n"),
  omit: ["yes"],
  examples: [
    { goal: "free space", command: "deno task arm-dev-tidy" },
    { goal: "see what it would run", command: "deno task arm-dev-tidy --dry-run" },
  ],
  runs: "nix-collect-garbage and fstrim over ssh",
  env: DEV_ENV,
  exits: [{ status: "1", help: "a program failed in the guest; the others were run" }],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { requireAnswering } = await import("../lib/dev/entered.ts");
  const { loadDevConfig } = await import("../lib/dev/load_dev.ts");
  const { loadFlavour } = await import("../lib/dev/load_flavour.ts");
  const { tidyCommands, tidyGuest } = await import("../lib/dev/tidy.ts");
  const { tidyText } = await import("../lib/dev/tidy_text.ts");
  const { name } = await loadDevConfig();
  const record = await requireAnswering(ctx, name);
  const { tidy } = await loadFlavour(record.flavour);
  if (ctx.dryRun) {
    const { commandText } = await import("../lib/base/text/command_text.ts");
    const { sshConfigPath } = await import("../lib/dev/connect_dev.ts");
    const { shellQuote } = await import("../lib/guest/quote.ts");
    for (const { argv } of tidyCommands(tidy)) {
      const words = ["ssh", "-F", sshConfigPath(record), "shared", "--", shellQuote(argv)];
      ctx.print(commandText(words));
    }
    return 0;
  }
  const { connectDev } = await import("../lib/dev/connect_dev.ts");
  const { bytesOnDisk } = await import("../lib/dev/state/dev_files.ts");
  const { devFile } = await import("../lib/dev/state/dev_paths.ts");
  await using ssh = await connectDev(record, { signal: ctx.signal });
  const outcome = await tidyGuest({
    ssh,
    commands: tidy,
    hostBytes: async () => bytesOnDisk(await Deno.stat(devFile(name, "disk"))),
    onStep: (step) => ctx.log.step(step),
    log: (line) => ctx.verbose && ctx.log.info(`  ${line}`),
    signal: ctx.signal,
  });
  const ok = outcome.faults.length === 0;
  ctx.result({ ok, name, ...outcome });
  ctx.print(tidyText(name, outcome));
  return ok ? 0 : 1;
}

if (import.meta.main) await runTask(spec, main);
