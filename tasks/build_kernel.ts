// Compiles the kernel of microVMs from Debian's sources and images/kernel.
//   deno task build-kernel [ARCH]
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";
import { ARCH_POSITIONAL, PART_OPTIONS, PART_SPEC } from "../lib/build/parts_task.ts";

export const spec: TaskSpec = {
  ...PART_SPEC,
  name: "build-kernel",
  summary: "Build a kernel for microVMs from Debian's sources",
  positionals: [ARCH_POSITIONAL],
  options: PART_OPTIONS,
  examples: [
    { goal: "build it for this host's architecture", command: "deno task build-kernel" },
    { goal: "build it for both architectures", command: "deno task build-kernel all" },
    { goal: "see which input has changed", command: "deno task build-kernel --explain" },
  ],
  runs: "apt-get download, tar, make",
};

async function main(ctx: TaskContext): Promise<number> {
  const { runPartsTask } = await import("../lib/build/parts_task.ts");
  return await runPartsTask(ctx, {
    parts: ["micro-kernel"],
    arch: ctx.positionals[0],
    task: spec.name,
    file: import.meta.url,
  });
}

if (import.meta.main) await runTask(spec, main);
