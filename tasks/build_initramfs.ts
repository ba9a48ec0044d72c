// Packs the initramfs for the distribution's kernel and for our own.
//   deno task build-initramfs [ARCH]
import { runTask } from "../lib/cli/task.ts";
import { partsTask } from "../lib/setup/parts_task.ts";

export const { spec, main } = partsTask({
  name: "build-initramfs",
  summary: "Pack the initramfs for each kernel",
  runs: "zstd, as Deno has it",
  parts: ["initramfs", "micro-initramfs"],
});

if (import.meta.main) await runTask(spec, main);
