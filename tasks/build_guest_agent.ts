// Compiles the guest agent, statically linked.
//   deno task build-guest-agent [ARCH]
import { runTask } from "../lib/cli/task.ts";
import { partsTask } from "../lib/setup/parts_task.ts";

export const { spec, main } = partsTask({
  name: "build-guest-agent",
  summary: "Build the guest agent, PID 1 of a microVM's root",
  runs: "cargo build",
  parts: ["guest-agent"],
});

if (import.meta.main) await runTask(spec, main);
