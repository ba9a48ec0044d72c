// Compiles tiny-init, statically linked.
//   deno task build-tiny-init [ARCH]
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";
import { ARCH_POSITIONAL, PART_OPTIONS, PART_SPEC } from "../lib/build/parts_task.ts";

export const spec: TaskSpec = {
  ...PART_SPEC,
  name: "build-tiny-init",
  summary: "Build tiny-init, PID 1 of the initramfs",
  positionals: [ARCH_POSITIONAL],
  options: PART_OPTIONS,
  examples: [
    { goal: "build it for this host's architecture", command: "deno task build-tiny-init" },
    { goal: "build it for both architectures", command: "deno task build-tiny-init all" },
    { goal: "see which input has changed", command: "deno task build-tiny-init --explain" },
  ],
  runs: "cargo build",
};

async function main(ctx: TaskContext): Promise<number> {
  const { runPartsTask } = await import("../lib/build/parts_task.ts");
  return await runPartsTask(ctx, {
    parts: ["tiny-init"],
    arch: ctx.positionals[0],
    task: spec.name,
    file: import.meta.url,
  });
}

if (import.meta.main) await runTask(spec, main);
