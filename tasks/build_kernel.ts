// Compiles the kernel of microVMs from Debian's sources and images/kernel.
//   deno task build-kernel [ARCH]
import { runTask } from "../lib/cli/task.ts";
import { partsTask } from "../lib/setup/parts_task.ts";

export const { spec, main } = partsTask({
  name: "build-kernel",
  summary: "Build a kernel for microVMs from Debian's sources",
  runs: "apt-get download, tar, make",
  parts: ["micro-kernel"],
});

if (import.meta.main) await runTask(spec, main);
