// Extracts the kernel, and the modules of microVMs, from Debian's package.
//   deno task extract-kernel [ARCH]
import { runTask } from "../lib/cli/task.ts";
import { partsTask } from "../lib/setup/parts_task.ts";

export const { spec, main } = partsTask({
  name: "extract-kernel",
  summary: "Take the kernel out of Debian's kernel package",
  runs: "apt-get download, dpkg-deb, depmod",
  parts: ["kernel"],
});

if (import.meta.main) await runTask(spec, main);
