import type { TaskContext } from "../cli/context.ts";
import { commandText } from "../base/text/command_text.ts";
import { dryStart } from "../vm/dry_run.ts";
import { findMicroHost, microName, type MicroRequest, microShape } from "./micro_guest.ts";

/** Prints the commands that start a microVM, cold; starts nothing but the accelerator probe. */
export async function dryRunMicro(
  ctx: TaskContext,
  request: Omit<MicroRequest, "logs">,
  argv: readonly string[],
): Promise<number> {
  const host = await findMicroHost(request);
  const { disk, kernel, initramfs } = host.files;
  const shape = microShape(request, host);
  const name = microName(request);
  const commands = dryStart({
    ...{ name, disk, kernel, initramfs, words: shape.words, log: `vm-run-${name}` },
    machine: { ...shape, host },
  });
  for (const command of commands) ctx.print(command);
  ctx.print(`guest$ ${commandText(argv)}`);
  return 0;
}
