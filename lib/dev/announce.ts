import type { TaskContext } from "../cli/context.ts";
import { connectText } from "./enter.ts";
import type { StartedDev } from "./start.ts";

/** The guest as `arm-dev --json` prints it. */
export function startedDocument({ record, wasUp, seconds }: StartedDev) {
  const { name, flavour, sshPort, user, share, accelerator, since, qemu } = record;
  return {
    ok: true,
    ...{ name, flavour, wasUp, seconds, sshPort, user, share, accelerator, since },
    pid: qemu.pid,
  };
}

/** Reports that the guest is running, and how to connect. */
export function announce(ctx: TaskContext, { record, wasUp, seconds }: StartedDev): void {
  const { name, sshPort, qemu, share } = record;
  const up = wasUp ? `is up already, since ${record.since}` : `is up after ${seconds} s`;
  const access = share.readOnly ? ", read-only" : "";
  ctx.log.info([
    `Guest "${name}" ${up}: 127.0.0.1 port ${sshPort}, pid ${qemu.pid}`,
    `  share:   ${share.hostDir} is ${share.guestDir} in it (${share.mode}${access})`,
    `  connect: deno task arm-dev-ssh, or ${connectText(record)}`,
    `  stop:    deno task arm-dev-shutdown`,
  ].join("\n"));
}
