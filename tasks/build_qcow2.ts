// Makes the disk of a variant: Debian's packages and the guest agent.
//   deno task build-qcow2 VARIANT [ARCH]
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";
import { ARCH_POSITIONAL, PART_OPTIONS, PART_SPEC } from "../lib/build/parts_task.ts";
import { type Variant, VARIANTS } from "../lib/image/parts/artifact.ts";

export const spec: TaskSpec = {
  ...PART_SPEC,
  name: "build-qcow2",
  summary: "Build the root file system of a variant, with the agent inside",
  positionals: [
    { name: "VARIANT", help: "what the guest is for", required: true, choices: VARIANTS },
    ARCH_POSITIONAL,
  ],
  options: [...PART_OPTIONS, {
    name: "fs",
    type: "string",
    value: "NAME",
    choices: ["ext4", "erofs"],
    default: "ext4",
    help: "the file system; erofs is smaller and cannot be written to",
  }],
  examples: [
    { goal: "build the Python guest's disk", command: "deno task build-qcow2 python" },
    { goal: "build a read-only one", command: "deno task build-qcow2 raw --fs erofs" },
    { goal: "see which input has changed", command: "deno task build-qcow2 raw --explain" },
  ],
  runs: "mmdebstrap, tar, mke2fs -d or mkfs.erofs, debugfs, qemu-img convert",
};

async function main(ctx: TaskContext): Promise<number> {
  const { runPartsTask } = await import("../lib/build/parts_task.ts");
  const [variant, arch] = ctx.positionals;
  return await runPartsTask(ctx, {
    parts: [variant as Variant],
    arch,
    fs: ctx.str("fs") as "ext4" | "erofs",
    task: spec.name,
    file: import.meta.url,
  });
}

if (import.meta.main) await runTask(spec, main);
