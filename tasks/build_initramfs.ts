// Packs the initramfs for the distribution's kernel and for our own.
//   deno task build-initramfs [ARCH]
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";
import { ARCH_POSITIONAL, PART_OPTIONS, PART_SPEC } from "../lib/build/parts_task.ts";

export const spec: TaskSpec = {
  ...PART_SPEC,
  name: "build-initramfs",
  summary: "Pack the initramfs for each kernel",
  positionals: [ARCH_POSITIONAL],
  options: PART_OPTIONS,
  examples: [
    { goal: "build it for this host's architecture", command: "deno task build-initramfs" },
    { goal: "build it for both architectures", command: "deno task build-initramfs all" },
    { goal: "see which input has changed", command: "deno task build-initramfs --explain" },
  ],
  runs: "zstd, as Deno has it",
};

async function main(ctx: TaskContext): Promise<number> {
  const { runPartsTask } = await import("../lib/build/parts_task.ts");
  return await runPartsTask(ctx, {
    parts: ["initramfs", "micro-initramfs"],
    arch: ctx.positionals[0],
    task: spec.name,
    file: import.meta.url,
  });
}

if (import.meta.main) await runTask(spec, main);
