import { join } from "@std/path";
import type { TaskContext } from "../cli/context.ts";
import { commandText } from "../base/text/command_text.ts";
import { logsDir, RUN_FILES, runsDir, socketDir } from "../base/files/paths.ts";
import { guestCommand } from "../qemu/launch.ts";
import { findMicroHost, microName, type MicroRequest } from "../vm/micro_launch.ts";
import { microArgs } from "../vm/micro_machine.ts";

/** Prints the commands that start a microVM, cold; starts nothing but the accelerator probe. */
export async function dryRunMicro(
  ctx: TaskContext,
  request: Omit<MicroRequest, "logs">,
  argv: readonly string[],
): Promise<number> {
  const { files, binary, machine, accelerator } = await findMicroHost(request);
  const run = `${microName(request)}-RUN`;
  const runDir = join(runsDir(), run);
  const socket = (name: string) => join(socketDir(), run, name);
  const overlay = join(runDir, RUN_FILES.overlay);
  const log = join(logsDir(), `vm-run-${microName(request)}`);
  ctx.print(commandText([
    ...["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", files.disk, overlay],
  ]));
  ctx.print(commandText(guestCommand({
    ...{ name: microName(request), binary, runDir },
    args: microArgs({
      ...{ ...request, ...files, machine, accelerator, disk: overlay },
      sockets: { agent: socket("agent"), events: socket("events"), network: socket("network") },
    }),
    socketDir: join(socketDir(), run),
    logs: { console: `${log}.console.log`, qemu: `${log}.qemu.log` },
  })));
  ctx.print(`guest$ ${commandText(argv)}`);
  return 0;
}
