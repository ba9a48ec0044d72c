// Builds every part of microVMs, in the order of what embeds what.
//   deno task build-images [ARCH] [--graph [text|mermaid]]
import { runTask, type TaskContext } from "../lib/cli/task.ts";
import { PARTS } from "../lib/config/parts.ts";
import { partsTask } from "../lib/build/parts_task.ts";
import type { GraphFormat } from "../lib/image/parts/graph.ts";

/** What the kernel of our own takes. */
const OWN_KERNEL: readonly string[] = ["micro-kernel", "micro-initramfs"];

const { spec, main: build } = partsTask({
  name: "build-images",
  summary: "Build every part of microVMs: agent, init, kernels, initramfs, disks",
  description: [
    "What is independent is built at once; what has not changed is left as it is. It may be",
    "interrupted at any time: finished parts, and the packages of disks, are taken up again.",
  ].join("\n"),
  options: [{
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
  builds: (ctx) => ({
    parts: PARTS.map(({ name }) => name)
      .filter((name) => !(ctx.flag("no-kernel-build") && OWN_KERNEL.includes(name))),
  }),
  file: import.meta.url,
});
export { spec };

async function main(ctx: TaskContext): Promise<number | void> {
  const format = ctx.str("graph");
  if (format === undefined) return await build(ctx);
  const { drawGraph } = await import("../lib/image/parts/graph.ts");
  ctx.print(drawGraph(PARTS, format as GraphFormat));
  ctx.result({ ok: true, parts: PARTS });
}

if (import.meta.main) await runTask(spec, main);
