// Runs one command in a guest.
//   deno task vm-run PLATFORM|VARIANT -- CMD...
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { GUEST_OPTIONS, PLATFORM_POSITIONAL } from "../lib/image/parts/common_options.ts";
import { MICRO_OPTIONS } from "../lib/micro/micro_options.ts";
import { platformNames } from "../lib/config/platform_names.ts";
import { platformsDir } from "../lib/base/files/paths.ts";
import { isVariant, VARIANTS } from "../lib/config/parts.ts";

export const spec = {
  name: "vm-run",
  group: "local CI",
  summary: "Run one command in a guest and exit with its status",
  description: [
    "Uses the platform's guest that was left running with --keep, if there is one; otherwise starts a",
    "throw-away guest for this command. Standard input, output and error are passed through. For a",
    "variant (raw, python, node) it starts a microVM from the parts that build-images has built.",
  ].join("\n"),
  positionals: [{
    ...PLATFORM_POSITIONAL,
    help: "the guest's platform, or the variant of a microVM",
    choices: async () => [...await platformNames(platformsDir), ...VARIANTS],
  }],
  rest: {
    name: "CMD",
    help: "the command and its arguments, passed on unchanged",
    required: true,
    unless: "eval",
  },
  options: [
    ...GUEST_OPTIONS,
    ...MICRO_OPTIONS,
    { name: "fresh", type: "boolean", help: "start a new guest even if one is running" },
    { name: "timeout", type: "number", unit: "s", min: 1, help: "end the command after this" },
  ],
  conflicts: [{ between: ["eval", "CMD"], why: "each says what to run" }],
  omit: ["json"],
  examples: [
    { goal: "see what system a guest runs", command: "deno task vm-run debian-arm64 -- uname -a" },
    { goal: "pipe into a guest", command: "echo hello | deno task vm-run debian-amd64 -- wc -c" },
    { goal: "run code in a microVM", command: "deno task vm-run python --eval 'print(6 * 7)'" },
  ],
  runs: "qemu-system-*, ssh",
  exits: [{ status: "other", help: "the status of CMD" }],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { loadPlatform } = await import("../lib/config/platform.ts");
  const { findKept } = await import("../lib/guest/runs.ts");
  const { refuseOtherNetwork, runInFresh, runInKept } = await import("../lib/vm/run_command.ts");
  const { kernelWords, networkRule } = await import("../lib/project/guest_rules.ts");
  const { guestSize } = await import("../lib/vm/build_machine.ts");
  const { prepareGuests } = await import("../lib/setup/prepare.ts");
  const { opt, positionals: [name] } = ctx;
  if (isVariant(name)) {
    const { vmRunMicro } = await import(
      "../lib/micro/micro_task.ts" as string
    ) as typeof import("../lib/micro/micro_task.ts");
    return await vmRunMicro(ctx, name);
  }
  const platform = await loadPlatform(platformsDir, name);
  const network = networkRule(opt.network, ctx.log);
  const guest = {
    ...{ platform, network, accelerator: opt.accel, sshPort: 0, append: kernelWords(opt.append) },
    size: guestSize(platform, undefined, opt),
  };
  const kept = opt.fresh ? undefined : await findKept(platform.name);
  if (ctx.dryRun) {
    const { dryRunGuest } = await import(
      "../lib/ci/build_dry_run.ts" as string
    ) as typeof import("../lib/ci/build_dry_run.ts");
    return await dryRunGuest(ctx, guest);
  }
  const command = {
    argv: ctx.rest,
    signal: ctx.signal,
    onWarning: (text: string) => ctx.log.warn(text),
    ...(opt.timeout === undefined ? {} : { timeoutMs: opt.timeout * 1000 }),
  };
  if (kept !== undefined) {
    if (opt.network !== undefined) refuseOtherNetwork(kept, network);
    ctx.log.debug(`in the kept guest ${kept.id}`);
    return await runInKept(kept, command);
  }
  await prepareGuests([platform], ctx, {
    task: "vm-run",
  });
  ctx.log.step(`Start a guest: ${platform.name}`);
  return await runInFresh(
    {
      ...guest,
      cold: opt.cold,
    },
    command,
  );
}

if (import.meta.main) await runTask(spec, main);
