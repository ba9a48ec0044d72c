// Takes the kernel, and the modules of microVMs, out of Debian's package.
//   deno task extract-kernel [ARCH]
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";
import { ARCH_POSITIONAL, PART_OPTIONS, PART_SPEC } from "../lib/build/parts_task.ts";

export const spec: TaskSpec = {
  ...PART_SPEC,
  name: "extract-kernel",
  summary: "Take the kernel out of Debian's kernel package",
  positionals: [ARCH_POSITIONAL],
  options: PART_OPTIONS,
  examples: [
    { goal: "build it for this host's architecture", command: "deno task extract-kernel" },
    { goal: "build it for both architectures", command: "deno task extract-kernel all" },
    { goal: "see which input has changed", command: "deno task extract-kernel --explain" },
  ],
  runs: "apt-get download, dpkg-deb, depmod",
};

async function main(ctx: TaskContext): Promise<number> {
  const { runPartsTask } = await import("../lib/build/parts_task.ts");
  return await runPartsTask(ctx, {
    parts: ["kernel"],
    arch: ctx.positionals[0],
    task: spec.name,
    file: import.meta.url,
  });
}

if (import.meta.main) await runTask(spec, main);
