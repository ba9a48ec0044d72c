// Compiles tiny-init, statically linked.
//   deno task build-tiny-init [ARCH]
import { runTask } from "../lib/cli/task.ts";
import { ARCHS } from "../lib/config/archs.ts";
import { partsTask } from "../lib/setup/parts_task.ts";

export const { spec, main } = partsTask({
  name: "build-tiny-init",
  summary: "Build tiny-init, PID 1 of the initramfs",
  runs: "cargo build",
  parts: ["tiny-init"],
  archs: ARCHS,
});

if (import.meta.main) await runTask(spec, main);
