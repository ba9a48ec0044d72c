import { join } from "@std/path";
import { UsageError } from "../base/errors.ts";
import type { Accelerator } from "../host/accelerator/accelerator.ts";
import { ARCH, type Arch, microRow } from "../config/archs.ts";
import { diskArgs, portsArgs, rngArgs } from "../qemu/args.ts";
import { netArgs, streamNetArgs } from "../qemu/net_args.ts";
import { AGENT_SOCKET } from "../vm/plan.ts";
import type { Machine, Size } from "../vm/machine.ts";

/** Whose kernel a microVM can run: `micro` is the one that `build-kernel` makes. */
export const KERNEL_CHOICES = ["micro", "distribution"] as const;
export type KernelChoice = typeof KERNEL_CHOICES[number];

/** How a microVM reaches the world: not at all, by QEMU itself, or by a gvproxy beside it. */
export const MICRO_NETWORKS = ["none", "user", "gvproxy"] as const;
export type MicroNetwork = typeof MICRO_NETWORKS[number];

/** A microVM's default size. A second processor would slow down starts under emulation. */
export const MICRO_SIZE: Size = { memoryMiB: 512, cores: 1 };

/** The names of the agent's ports. */
const AGENT_PORTS = { agent: "guesthouse.agent", events: "guesthouse.events" } as const;

/** The name of gvproxy's socket. */
export const NETWORK_SOCKET = "network";

/** What decides which machine a microVM is. */
export interface MicroOptions {
  readonly arch: Arch;
  readonly kernelChoice: KernelChoice;
  readonly accelerator: Accelerator;
  readonly network: MicroNetwork;
  /** More words for the kernel's command line. */
  readonly append?: readonly string[] | undefined;
}

/** What a microVM is by architecture and kernel: the machine, and how devices are attached. */
const machineOf = ({ arch, kernelChoice }: Pick<MicroOptions, "arch" | "kernelChoice">) =>
  microRow(arch).machines[kernelChoice];

/** The addresses of the guest's network; QEMU gives its name server one of its own. */
const ADDRESSES = { net: "192.168.127.0/24", host: "192.168.127.1", dns: "192.168.127.3" };

/** The machine type of a microVM, without a version. */
export const microMachine = (options: Pick<MicroOptions, "arch" | "kernelChoice">): string =>
  machineOf(options).machine;

/** What the agent is told of the network; its own defaults are gvproxy's. */
const NETWORK_WORDS: Readonly<Record<MicroNetwork, readonly string[]>> = {
  none: ["guesthouse.network=off"],
  user: [`guesthouse.dns=${ADDRESSES.dns}`],
  gvproxy: [],
};

/** Disk, network, random numbers and ports of a microVM. */
export function microDevices(
  options: Pick<MicroOptions, "arch" | "kernelChoice" | "network">,
): Machine["devices"] {
  const { network } = options;
  const { transport } = machineOf(options);
  return ({ disk, socketDir }) => {
    const socketPath = (name: string) => join(socketDir, name);
    return [
      ...diskArgs({ path: disk, format: "qcow2", throwAway: true, transport }),
      ...(network === "user" ? netArgs({ transport, addresses: ADDRESSES }) : []),
      ...(network === "gvproxy"
        ? streamNetArgs({ socketPath: socketPath(NETWORK_SOCKET), transport })
        : []),
      ...rngArgs(transport),
      ...portsArgs([
        { name: AGENT_PORTS.agent, socketPath: socketPath(AGENT_SOCKET) },
        { name: AGENT_PORTS.events, socketPath: socketPath("events") },
      ], transport),
    ];
  };
}

/**
 * Under emulation these cost time and protect nothing: the guest runs one user's code. QEMU keeps
 * translated code by address, so a program at a random address would be translated again each time.
 */
const TCG_WORDS = ["mitigations=off", "cryptomgr.notests", "norandmaps"];

/** The words of the kernel's command line. */
export function microWords(options: MicroOptions): string[] {
  return [
    ...[`console=${ARCH[options.arch].console}`, "quiet", "panic=-1", "random.trust_cpu=on"],
    ...(options.accelerator === "tcg" ? TCG_WORDS : []),
    ...microRow(options.arch).append,
    ...NETWORK_WORDS[options.network],
    ...options.append ?? [],
  ];
}

/** Refuses what would make a guest panic. Throws {@link UsageError} with what to change. */
export function checkBoot(append: readonly string[] = []): void {
  const root = append.find((word) => /^(guesthouse\.)?root=\/dev\/vd[b-z]/.test(word));
  if (root === undefined) return;
  throw new UsageError(`Cannot boot with "${root}": the guest has one disk, /dev/vda`, {
    next: `leave "${root}" out of --append`,
  });
}
