// Builds every part of microVMs, in the order of what embeds what.
//   deno task build-images [ARCH] [--graph [text|mermaid]]
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";
import { ARCH_POSITIONAL, PART_OPTIONS, PART_SPEC } from "../lib/build/parts_task.ts";
import type { GraphFormat } from "../lib/image/parts/graph.ts";

export const spec: TaskSpec = {
  ...PART_SPEC,
  name: "build-images",
  summary: "Build every part of microVMs: agent, init, kernels, initramfs, disks",
  description: [
    "What is independent is built at once; what has not changed is left as it is. It may be",
    "interrupted at any time: finished parts, and the packages of disks, are taken up again.",
  ].join("\n"),
  positionals: [ARCH_POSITIONAL],
  options: [...PART_OPTIONS, {
    name: "no-kernel-build",
    type: "boolean",
    help: "leave out the kernel of our own, which takes minutes; the distribution's is used",
  }, {
    name: "graph",
    type: "string",
    value: "FORMAT",
    choices: ["text", "mermaid"],
    help: "draw which part embeds which, build nothing",
  }],
  examples: [
    { goal: "build all for this host's architecture", command: "deno task build-images --yes" },
    { goal: "see what would be built, and why", command: "deno task build-images --explain" },
    { goal: "draw the graph of parts", command: "deno task build-images --graph text" },
  ],
  runs: "cargo, apt-get download, make, mmdebstrap, mke2fs -d, qemu-img convert",
};

async function main(ctx: TaskContext): Promise<number> {
  const { ARTIFACTS } = await import("../configs/artifacts.ts");
  const format = ctx.str("graph");
  if (format !== undefined) {
    const { drawGraph } = await import("../lib/image/parts/graph.ts");
    ctx.print(drawGraph(ARTIFACTS, format as GraphFormat));
    ctx.result({ ok: true, parts: ARTIFACTS });
    return 0;
  }
  const { runPartsTask } = await import("../lib/build/parts_task.ts");
  const left = ctx.flag("no-kernel-build") ? ["micro-kernel", "micro-initramfs"] : [];
  return await runPartsTask(ctx, {
    parts: ARTIFACTS.map(({ name }) => name).filter((name) => !left.includes(name)),
    arch: ctx.positionals[0],
    task: spec.name,
    file: import.meta.url,
  });
}

if (import.meta.main) await runTask(spec, main);
