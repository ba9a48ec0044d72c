import { ARCH, type Arch } from "../config/archs.ts";
import {
  type Accelerator,
  type AcceleratorChoice,
  probeAccelerator,
} from "../host/accelerator/accelerator.ts";
import { ensureKeys, type Keys } from "../host/keys.ts";
import { pinMachine, type QemuProgram, qemuProgram } from "../qemu/program.ts";

/** What a guest runs on: found out once, whatever way it then starts. */
export interface GuestHost {
  readonly binary: string;
  readonly qemu: QemuProgram;
  /** The machine type with its version. */
  readonly machine: string;
  readonly accelerator: Accelerator;
  /** Why this accelerator. */
  readonly reason: string;
}

/** Finds out what a guest will run on. `machine` is its type without a version. */
export async function findGuestHost(
  { arch, machine, cpu, accelerator: want, signal }: {
    readonly arch: Arch;
    readonly machine: string;
    /** The CPU model under a hypervisor. */
    readonly cpu?: string | undefined;
    readonly accelerator: AcceleratorChoice;
    readonly signal: AbortSignal;
  },
): Promise<GuestHost> {
  const binary = ARCH[arch].qemu.system;
  const request = { arch, want, cpu, qemuBinary: binary, signal };
  const { accelerator, reason } = await probeAccelerator(request);
  const qemu = await qemuProgram(binary, signal);
  return { binary, qemu, machine: pinMachine(machine, qemu), accelerator, reason };
}

/** A host, and this checkout's keys. */
export interface KeyedHost extends GuestHost {
  readonly keys: Keys;
}

/** As {@link findGuestHost}; makes the checkout's keys if there are none. */
export async function findKeyedHost(
  request: Parameters<typeof findGuestHost>[0],
): Promise<KeyedHost> {
  return { ...await findGuestHost(request), keys: await ensureKeys(request.signal) };
}

/** The CPU model of guests that say nothing else: the host's own, or all that QEMU emulates. */
export const commonCpu = (arch: Arch, { accelerator }: Pick<GuestHost, "accelerator">): string =>
  accelerator === "tcg" ? ARCH[arch].qemu.cpu : "host";

/** How much sooner than under emulation a guest must be up that runs on a hypervisor. */
const HYPERVISOR_SPEEDUP = 4;

/**
 * How long a boot may take on this host that may take so long under emulation.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bootDeadline } from "./host.ts";
 *
 * assertEquals(bootDeadline(120_000, { accelerator: "tcg" }), 120_000);
 * assertEquals(bootDeadline(120_000, { accelerator: "kvm" }), 30_000);
 * ```
 */
export const bootDeadline = (tcgMs: number, { accelerator }: Pick<GuestHost, "accelerator">) =>
  tcgMs / (accelerator === "tcg" ? 1 : HYPERVISOR_SPEEDUP);
