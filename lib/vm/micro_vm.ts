import { requireMemory } from "../host/guest_memory.ts";
import { bootMicro, type MicroVm } from "./boot_micro.ts";
import type { OnNote } from "./from_snapshot.ts";
import { findMicroHost, microName, type MicroRequest } from "./micro_launch.ts";
import { checkBoot } from "./micro_machine.ts";
import { startMicroWarm } from "./micro_warm.ts";

/** What {@link openMicroVm} takes. */
export interface OpenMicroOptions extends MicroRequest {
  /** Boot, even if there is a snapshot to start from. */
  readonly cold?: boolean;
  /** Told how the start goes. */
  readonly onNote?: OnNote;
}

/**
 * Starts a microVM on an overlay of its variant's disk: from a snapshot where that is possible,
 * which is saved first if there is none; else by booting it. It has the time and random numbers of
 * its own. Throws {@link HostError} where a part is missing, and {@link GuestError} with the cause
 * that its console names.
 */
export async function openMicroVm(options: OpenMicroOptions): Promise<MicroVm> {
  await requireMemory({ name: microName(options), memoryMiB: options.memoryMiB });
  const host = await findMicroHost(options);
  checkBoot({ ...host.files, append: options.append });
  if (options.cold !== true) {
    const warm = await startMicroWarm(options, host, options.onNote ?? (() => {}));
    if (warm !== undefined) return warm;
  }
  const booted = await bootMicro(options, host);
  const { guest, agent, failed, bootSeconds } = booted;
  return {
    ...{ guest, agent, failed, bootSeconds, start: "cold", kernel: host.files.kernelChoice },
    [Symbol.asyncDispose]: () => booted[Symbol.asyncDispose](),
  };
}
