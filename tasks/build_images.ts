// Builds every part of microVMs, each after the parts that it embeds.
//   deno task build-images [ARCH] [--graph [text|mermaid]]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { PARTS } from "../lib/config/parts.ts";
import { ARCH_POSITIONAL, PARTS_OPTIONS, PARTS_TASK } from "../lib/setup/parts_task.ts";

/** The parts that belong to our own kernel. */
const OWN_KERNEL: readonly string[] = ["micro-kernel", "micro-initramfs"];

export const spec = {
  ...PARTS_TASK,
  name: "build-images",
  summary: "Build every part of microVMs: agent, init, kernels, initramfs, disks",
  description: [
    "Independent parts are built at the same time; parts that have not changed are not built again. It",
    "can be interrupted at any time: finished parts, and the packages of disks, are kept.",
  ].join("\n"),
  positionals: [ARCH_POSITIONAL],
  options: [
    ...PARTS_OPTIONS,
    {
      name: "no-kernel-build",
      type: "boolean",
      help: "do not build our own kernel, which takes minutes; use the distribution's",
    },
    {
      name: "graph",
      type: "string",
      value: "FORMAT",
      choices: ["text", "mermaid"],
      help: "draw which part embeds which, without building",
    },
  ],
  examples: [
    { goal: "build all for this host's architecture", command: "deno task build-images --yes" },
    { goal: "see what would be built, and why", command: "deno task build-images --explain" },
    { goal: "draw the graph of parts", command: "deno task build-images --graph text" },
  ],
  runs: "cargo, apt-get download, make, mmdebstrap, mke2fs -d, qemu-img convert",
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number | void> {
  const { graph, noKernelBuild } = ctx.opt;
  if (graph !== undefined) {
    const { drawGraph } = await import("../lib/image/parts/graph.ts");
    ctx.print(drawGraph(PARTS, graph));
    return ctx.result({ ok: true, parts: PARTS });
  }
  const { runPartsTask } = await import("../lib/setup/run_parts.ts");
  return await runPartsTask(ctx, {
    parts: PARTS.map(({ name }) => name)
      .filter((name) => !(noKernelBuild && OWN_KERNEL.includes(name))),
    arch: ctx.positionals[0],
    task: spec.name,
  });
}

if (import.meta.main) await runTask(spec, main);
