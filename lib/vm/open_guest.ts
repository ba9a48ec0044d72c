import { type RunRecord, writeRecord } from "../guest/runs.ts";
import { certificateVariables } from "../guest/certificates.ts";
import { systemOf } from "../image/platform/systems.ts";
import { proxySocket } from "../guest/connect_guest.ts";
import { requireMemory } from "../host/guest_memory.ts";
import { buildGuest, findBuildHost, type GuestRequest } from "./build_guest.ts";
import { type GuestNetwork, openNetwork } from "./guest_network.ts";
import type { OpenedGuest, OpenHow } from "./plan.ts";
import { openPlan } from "./open.ts";
import { PORT_SOCKET, type SshSession } from "./ssh_login.ts";

export interface OpenGuestOptions extends GuestRequest, OpenHow {
  /** Told which accelerator it is, before the guest starts. */
  readonly onAccelerator?: (name: string, reason: string) => void;
}

/** A running build guest that answers. Disposal ends it and removes all its files. */
export interface OpenGuest extends Omit<OpenedGuest<SshSession>, "session">, SshSession {
  readonly network: GuestNetwork;
  readonly accelerator: string;
  /** Ends the guest and discards its overlay, without a clean shutdown. */
  shutdown(): Promise<void>;
  /** Lets the guest outlive this task. */
  keep(project?: string): Promise<RunRecord>;
}

/** Starts a build guest and waits until it answers a command, as {@link openPlan} does. */
export async function openGuest(options: OpenGuestOptions): Promise<OpenGuest> {
  await requireMemory({ ...options, name: options.platform.name });
  const host = await findBuildHost(options);
  options.onAccelerator?.(host.accelerator, host.reason);
  // It goes down, too, where there is no proxy to be had.
  await using stack = new AsyncDisposableStack();
  const opened = stack.use(await openPlan(buildGuest(options, host), options));
  const { guest, session: { ssh, port } } = opened;
  const onNote = (line: string) => options.onNote?.(line, "info");
  const { commands } = systemOf(options.platform);
  for (const note of host.certificates.notes) onNote(note);
  const env = certificateVariables(host.certificates, commands.certificates);
  const network = stack.use(
    openNetwork(ssh, {
      ...{ rule: options.network, socketPath: proxySocket(opened.place), env, onNote },
    }),
  );
  const resources = stack.move();
  return {
    ...{ ...opened, ssh, port, network },
    accelerator: host.accelerator,
    async shutdown() {
      // QEMU first: the connection then ends without waiting for a handshake.
      await guest.shutdown({ powerdownMs: 0 });
      await ssh.close();
    },
    async keep(project) {
      const record = await opened.record;
      if (record === undefined) throw new TypeError(`guest "${guest.name}" has no record`);
      const kept = { ...record, kept: true, ...(project === undefined ? {} : { project }) };
      await writeRecord(kept);
      await guest.release();
      await Deno.remove(opened.socket(PORT_SOCKET)).catch(() => {});
      opened.leave();
      return kept;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
