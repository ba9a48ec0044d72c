// Makes the disk of a variant: Debian's packages and the guest agent.
//   deno task build-qcow2 VARIANT [ARCH]
import { runTask } from "../lib/cli/task.ts";
import { partsTask } from "../lib/build/parts_task.ts";
import { type FileSystem, type Variant, VARIANTS } from "../lib/config/parts.ts";

export const { spec, main } = partsTask({
  name: "build-qcow2",
  summary: "Build the root file system of a variant, with the agent inside",
  positionals: [
    { name: "VARIANT", help: "what the guest is for", required: true, choices: VARIANTS },
  ],
  options: [{
    name: "fs",
    type: "string",
    value: "NAME",
    choices: ["ext4", "erofs"],
    default: "ext4",
    help: "the file system; erofs is smaller and cannot be written to",
  }],
  examples: [
    { goal: "build the Python guest's disk", command: "deno task build-qcow2 python" },
    { goal: "build a read-only one", command: "deno task build-qcow2 raw --fs erofs" },
    { goal: "see which input has changed", command: "deno task build-qcow2 raw --explain" },
  ],
  runs: "mmdebstrap, tar, mke2fs -d or mkfs.erofs, debugfs, qemu-img convert",
  builds: (ctx) => ({
    parts: [ctx.positionals[0] as Variant],
    fs: ctx.str("fs") as FileSystem,
  }),
  file: import.meta.url,
});

if (import.meta.main) await runTask(spec, main);
