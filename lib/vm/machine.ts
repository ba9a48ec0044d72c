import type { Accelerator } from "../host/accelerator/accelerator.ts";
import type { HostKind } from "../host/facts.ts";
import {
  cpuArgs,
  machineArgs,
  MEMORY_ID,
  memoryArgs,
  memoryFileArgs,
  type MemoryFileOptions,
  sandboxArgs,
} from "../qemu/args.ts";
import type { StartGuestOptions } from "../qemu/launch.ts";
import { sharedMemoryArgs } from "../qemu/share_args.ts";

export interface Size {
  readonly memoryMiB: number;
  readonly cores: number;
  /** Whether the project has chosen the memory: see `MemoryWish`. */
  readonly ofProject?: boolean;
}

/** Where one guest's files and sockets are, as absolute paths. */
export interface GuestPlace {
  /** Its own directory, which exists. */
  readonly dir: string;
  /** A private directory with a short path. */
  readonly socketDir: string;
  readonly disk: string;
}

export interface Machine extends Size {
  readonly host: {
    /** The machine type with its version, since an alias moves on with QEMU: `pc-q35-7.2`. */
    readonly machine: string;
    readonly accelerator: Accelerator;
    /** Default: that of the host that the task runs on. */
    readonly os?: HostKind["os"];
  };
  readonly cpu: string;
  /** Disks, networks, ports and whatever else it has, as QEMU's arguments. */
  readonly devices: (place: Omit<GuestPlace, "dir">) => readonly string[];
  /** Whether programs of the host share its memory. Default `false`. */
  readonly sharedMemory?: boolean;
}

/** A machine, and the QEMU that runs it. */
export type MachineProcess =
  & Machine
  & Pick<StartGuestOptions, "name" | "logs" | "wrapper" | "consoleSocket" | "signal">
  & { readonly host: { readonly binary: string } };

/** How a machine comes to run. */
interface Beginning {
  /** A kernel, firmware, or the wait for a state, as QEMU's arguments. */
  readonly boot: readonly string[];
  /** Memory that is a file; without it, QEMU makes its own. */
  readonly memoryFile?: Pick<MemoryFileOptions, "path" | "mode"> | undefined;
}

/** Everything that shapes a guest: what `startGuest()` takes, and `--dry-run` prints. */
export function guestStart(
  machine: MachineProcess,
  place: GuestPlace,
  beginning: Beginning,
): StartGuestOptions {
  const { name, logs, wrapper, consoleSocket, signal } = machine;
  return {
    ...{ name, logs, wrapper, consoleSocket, signal },
    binary: machine.host.binary,
    args: guestArgs(machine, place, beginning),
    runDir: place.dir,
    socketDir: place.socketDir,
  };
}

/** The arguments of {@link guestStart}. */
export function guestArgs(
  { host, cpu, cores, memoryMiB, sharedMemory, devices }: Machine,
  place: Omit<GuestPlace, "dir">,
  { boot, memoryFile }: Beginning,
): string[] {
  const memory = memoryFile !== undefined
    ? memoryFileArgs({ ...memoryFile, memoryMiB })
    : sharedMemory === true
    ? sharedMemoryArgs(memoryMiB)
    : undefined;
  return [
    ...memory ?? [],
    ...machineArgs({ ...host, memory: memory === undefined ? undefined : MEMORY_ID }),
    ...cpuArgs({ cpu, cores }),
    ...memoryArgs(memoryMiB),
    ...boot,
    ...devices(place),
    ...sandboxArgs({ os: host.os }),
  ];
}
