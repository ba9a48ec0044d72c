// Builds the disk of a variant: Debian's packages and the guest agent.
//   deno task build-qcow2 VARIANT [ARCH]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { ARCH_POSITIONAL, PARTS_OPTIONS, PARTS_TASK } from "../lib/setup/parts_task.ts";
import { VARIANTS } from "../lib/config/parts.ts";

export const spec = {
  ...PARTS_TASK,
  name: "build-qcow2",
  summary: "Build the root file system of a variant, with the agent inside",
  positionals: [
    { name: "VARIANT", help: "what the guest is for", required: true, choices: VARIANTS },
    ARCH_POSITIONAL,
  ],
  options: [
    ...PARTS_OPTIONS,
    {
      name: "fs",
      type: "string",
      value: "NAME",
      choices: ["ext4", "erofs"],
      default: "ext4",
      help: "the file system; erofs is smaller and read-only",
    },
  ],
  examples: [
    { goal: "build the Python guest's disk", command: "deno task build-qcow2 python" },
    { goal: "build a read-only one", command: "deno task build-qcow2 raw --fs erofs" },
    { goal: "see which input has changed", command: "deno task build-qcow2 raw --explain" },
  ],
  runs: "mmdebstrap, tar, mke2fs -d or mkfs.erofs, debugfs, qemu-img convert",
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { runPartsTask } = await import("../lib/setup/run_parts.ts");
  const [variant, arch] = ctx.positionals;
  const { fs } = ctx.opt;
  return await runPartsTask(ctx, {
    ...{ parts: [variant], fs, arch },
    task: spec.name,
  });
}

if (import.meta.main) await runTask(spec, main);
