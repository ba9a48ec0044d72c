import { UsageError } from "../base/errors.ts";
import type { Accelerator } from "../host/accelerator/accelerator.ts";
import { ARCH, type Arch } from "../config/archs.ts";
import {
  cpuArgs,
  diskArgs,
  incomingArgs,
  kernelArgs,
  machineArgs,
  MEMORY_ID,
  memoryArgs,
  memoryFileArgs,
  type MemoryFileOptions,
  netArgs,
  portsArgs,
  rngArgs,
  sandboxArgs,
  streamNetArgs,
} from "../qemu/args.ts";
import type { Size } from "./build_machine.ts";

/** Whose kernel a microVM can run: `micro` is the one that `build-kernel` makes. */
export const KERNEL_CHOICES = ["micro", "distribution"] as const;
export type KernelChoice = typeof KERNEL_CHOICES[number];

/** How a microVM reaches the world: not at all, by QEMU itself, or by a gvproxy beside it. */
export const MICRO_NETWORKS = ["none", "user", "gvproxy"] as const;
export type MicroNetwork = typeof MICRO_NETWORKS[number];

/**
 * What a microVM is given without options: enough for a small program and its interpreter. A second
 * processor would make each start of a program slower under emulation.
 */
export const MICRO_SIZE: Size = { memoryMiB: 512, cores: 1 };

/** The names of the agent's ports. */
export const AGENT_PORTS = { agent: "guesthouse.agent", events: "guesthouse.events" } as const;

/** Paths of the sockets of the agent's ports and of gvproxy, which is there for its network only. */
export interface MicroSockets {
  readonly agent: string;
  readonly events: string;
  readonly network: string;
}

/** What {@link microArgs} puts together. */
export interface MicroOptions extends Size {
  readonly arch: Arch;
  readonly kernelChoice: KernelChoice;
  readonly accelerator: Accelerator;
  /** The machine type with its version. Default: the one that {@link microMachine} names. */
  readonly machine?: string;
  /** Whether the kernel boots (default), or the guest's state comes over QMP. */
  readonly beginning?: "boot" | "incoming";
  /** Memory that is a file; without it, QEMU makes its own. */
  readonly memoryFile?: Pick<MemoryFileOptions, "path" | "mode"> | undefined;
  readonly kernel: string;
  readonly initramfs: string | undefined;
  /** The overlay; without it, the guest has no disk. */
  readonly disk: string | undefined;
  readonly network: MicroNetwork;
  readonly sockets: MicroSockets;
  /** More words for the kernel's command line. */
  readonly append?: readonly string[] | undefined;
}

/** What a microVM is by architecture and kernel: the machine, and how devices are attached. */
const machineOf = ({ arch, kernelChoice }: Pick<MicroOptions, "arch" | "kernelChoice">) =>
  ARCH[arch].micro.machines[kernelChoice];

/** The addresses of the guest's network; QEMU gives its name server one of its own. */
const ADDRESSES = { net: "192.168.127.0/24", host: "192.168.127.1", dns: "192.168.127.3" };

/** The machine type of a microVM, without a version. */
export const microMachine = (options: Pick<MicroOptions, "arch" | "kernelChoice">): string =>
  machineOf(options).machine;

/** The CPU model of a microVM. */
export const microCpu = ({ arch, accelerator }: Pick<MicroOptions, "arch" | "accelerator">) =>
  accelerator === "tcg" ? ARCH[arch].qemu.cpu : "host";

/** What the agent is told of the network; its own defaults are gvproxy's. */
const NETWORK_WORDS: Readonly<Record<MicroNetwork, readonly string[]>> = {
  none: ["guesthouse.network=off"],
  user: [`guesthouse.dns=${ADDRESSES.dns}`],
  gvproxy: [],
};

/** Everything that shapes a microVM, as QEMU's arguments. */
export function microArgs(options: MicroOptions): string[] {
  const { accelerator, initramfs, memoryFile, memoryMiB } = options;
  const machine = options.machine ?? microMachine(options);
  const memory = memoryFile === undefined ? undefined : MEMORY_ID;
  return [
    ...(memoryFile === undefined ? [] : memoryFileArgs({ ...memoryFile, memoryMiB })),
    ...machineArgs({ machine, accelerator, memory }),
    ...cpuArgs({ cpu: microCpu(options), cores: options.cores }),
    ...memoryArgs(memoryMiB),
    ...(options.beginning === "incoming" ? incomingArgs() : kernelArgs({
      kernel: options.kernel,
      ...(initramfs === undefined ? {} : { initramfs }),
      append: microWords(options),
    })),
    ...microDevices(options),
    ...sandboxArgs(),
  ];
}

/** What {@link microDevices} puts together. */
export type MicroDevices = Pick<
  MicroOptions,
  "arch" | "kernelChoice" | "disk" | "network" | "sockets"
>;

/** Disk, network, random numbers and ports of a microVM. */
export function microDevices(options: MicroDevices): string[] {
  const { disk, network, sockets } = options;
  const { transport } = machineOf(options);
  return [
    ...(disk === undefined
      ? []
      : diskArgs({ path: disk, format: "qcow2", throwAway: true, transport })),
    ...(network === "user" ? netArgs({ transport, addresses: ADDRESSES }) : []),
    ...(network === "gvproxy" ? streamNetArgs({ socketPath: sockets.network, transport }) : []),
    ...rngArgs(transport),
    ...portsArgs([
      { name: AGENT_PORTS.agent, socketPath: sockets.agent },
      { name: AGENT_PORTS.events, socketPath: sockets.events },
    ], transport),
  ];
}

/**
 * Under emulation these cost time and protect nothing, since the guest runs one user's code. Above
 * all the random places of programs: QEMU keeps translated code by its address, so a program at
 * another address is translated anew each time it runs, which takes longer than running it.
 */
const TCG_WORDS = ["mitigations=off", "cryptomgr.notests", "norandmaps"];

/** The words of the kernel's command line. */
export function microWords(options: MicroOptions): string[] {
  const { console, micro } = ARCH[options.arch];
  return [
    ...[`console=${console}`, "quiet", "panic=-1", "random.trust_cpu=on"],
    ...(options.accelerator === "tcg" ? TCG_WORDS : []),
    ...micro.append,
    ...NETWORK_WORDS[options.network],
    ...options.append ?? [],
  ];
}

/**
 * Refuses what a guest could only answer with a kernel panic. Throws {@link UsageError} with what
 * to change.
 */
export function checkBoot(
  { disk, initramfs, append = [] }: Pick<MicroOptions, "disk" | "initramfs" | "append">,
): void {
  if (disk === undefined && initramfs === undefined) {
    throw new UsageError("Cannot boot: there is neither a root disk nor an initramfs", {
      next: "name a variant, whose disk deno task build-qcow2 makes",
    });
  }
  const root = append.find((word) => /^(root|guesthouse\.root)=/.test(word));
  const [, , device = ""] = /^(guesthouse\.)?root=(.*)$/.exec(root ?? "") ?? [];
  if (device.startsWith("/dev/vd") && disk === undefined) {
    throw new UsageError(`Cannot boot with "${root}": the guest has no disk`, {
      next: `leave "${root}" out of --append`,
    });
  }
  if (/^\/dev\/vd[b-z]/.test(device)) {
    throw new UsageError(`Cannot boot with "${root}": the guest has one disk, /dev/vda`, {
      next: `leave "${root}" out of --append`,
    });
  }
}
