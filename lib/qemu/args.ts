import { isAbsolute } from "@std/path";
import type { Transport } from "../config/archs.ts";

/**
 * A value in a comma-separated QEMU option; separate ones such as `-kernel FILE` need no quoting.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { optionValue } from "./args.ts";
 *
 * assertEquals(`file=${optionValue("/images/a,b.qcow2")}`, "file=/images/a,,b.qcow2");
 * ```
 */
export function optionValue(value: string): string {
  return value.replaceAll(",", ",,");
}

/** The machine and its accelerator. `machine` may contain options: `virt,gic-version=3`. */
export function machineArgs(
  options: {
    readonly machine: string;
    readonly accelerator: "kvm" | "hvf" | "tcg";
    /** Size of TCG's cache of translated code. Default: QEMU's own (an eighth of the host). */
    readonly tcgCacheMiB?: number;
    /** The id of the memory that {@link memoryFileArgs} made; without it, QEMU makes its own. */
    readonly memory?: string;
  },
): string[] {
  const tcg = ["tcg", "thread=multi"];
  if (options.tcgCacheMiB !== undefined) {
    tcg.push(`tb-size=${wholeNumber("tcgCacheMiB", options.tcgCacheMiB)}`);
  }
  const accelerator = options.accelerator === "tcg" ? tcg.join(",") : options.accelerator;
  const memory = options.memory === undefined ? "" : `,memory-backend=${options.memory}`;
  return ["-machine", `${options.machine}${memory}`, "-accel", accelerator];
}

/** The CPU model, which may contain options (`max,pauth-impdef=on`), and the number of CPUs. */
export function cpuArgs(options: { readonly cpu: string; readonly cores: number }): string[] {
  return ["-cpu", options.cpu, "-smp", `cpus=${wholeNumber("cores", options.cores)}`];
}

export function memoryArgs(memoryMiB: number): string[] {
  return ["-m", `size=${wholeNumber("memoryMiB", memoryMiB)}M`];
}

/** The id of the memory that {@link memoryFileArgs} makes, for {@link machineArgs}. */
export const MEMORY_ID = "mem0";

export interface MemoryFileOptions {
  /** Absolute path of the file; made, and given its size, if it does not exist. */
  readonly path: string;
  readonly memoryMiB: number;
  /** `write`: guest writes go to the file. `private`: they do not, so guests can share it. */
  readonly mode: "write" | "private";
}

/** The guest's memory is a file, mapped rather than read. */
export function memoryFileArgs({ path, memoryMiB, mode }: MemoryFileOptions): string[] {
  const properties = [
    `id=${MEMORY_ID}`,
    `size=${wholeNumber("memoryMiB", memoryMiB)}M`,
    `mem-path=${optionValue(path)}`,
    `share=${mode === "write" ? "on" : "off"}`,
  ];
  return ["-object", `memory-backend-file,${properties.join(",")}`];
}

/** The guest's state is loaded through QMP (`migrate-incoming`); until then nothing runs. */
export function incomingArgs(): string[] {
  return ["-incoming", "defer"];
}

/** The name under which a guest finds the port of {@link portArgs}. */
export const PORT_NAME = "guesthouse";

/** A byte stream between host and guest, on a Unix socket that must lie in a private directory. */
export function portArgs(socketPath: string, transport: Transport = "pci"): string[] {
  return portsArgs([{ name: PORT_NAME, socketPath }], transport);
}

export interface GuestPortOptions {
  /** The name under which the guest finds it. */
  readonly name: string;
  /** Path of its Unix socket, which must lie in a private directory. */
  readonly socketPath: string;
}

/** Several byte streams between host and guest. */
export function portsArgs(
  ports: readonly GuestPortOptions[],
  transport: Transport = "pci",
): string[] {
  // Port 0 is reserved for consoles.
  return [
    ...[
      "-device",
      virtioDevice("serial", transport, ["id=serial0", `max_ports=${ports.length + 1}`]),
    ],
    ...ports.flatMap(({ name, socketPath }, index) => [
      "-chardev",
      `socket,id=port${index},path=${optionValue(socketPath)},server=on,wait=off`,
      "-device",
      `virtserialport,bus=serial0.0,chardev=port${index},name=${name}`,
    ]),
  ];
}

/** A disk of that size that reads as zeros and discards writes, without any file. */
export function emptyDiskArgs(
  id: string,
  sizeBytes: number,
  transport: Transport = "pci",
): string[] {
  return [
    ...["-blockdev", `null-co,node-name=${id},size=${sizeBytes},read-zeroes=on`],
    ...["-device", virtioDevice("blk", transport, diskProperties(id))],
  ];
}

/**
 * A guest knows a disk by its serial, since `/dev/vda` is whichever its kernel has found first. QEMU
 * keeps 20 characters of it.
 */
const diskProperties = (id: string): string[] => [
  `drive=${id}`,
  `id=${id}-device`,
  `serial=${id}`,
];

/** Direct kernel boot, without firmware or boot loader. */
export function kernelArgs(
  options: {
    readonly kernel: string;
    readonly initramfs?: string;
    /** The kernel command line, word by word. */
    readonly append?: readonly string[];
  },
): string[] {
  const args = ["-kernel", options.kernel];
  if (options.initramfs !== undefined) args.push("-initrd", options.initramfs);
  if (options.append !== undefined) args.push("-append", options.append.join(" "));
  return args;
}

export interface DiskOptions {
  readonly path: string;
  /** Named, never guessed: a guest could write a qcow2 header into a raw disk. */
  readonly format: "qcow2" | "raw";
  /**
   * Names the drive (`blockdev-snapshot-sync` takes it) and its device, and is its serial. Default
   * `disk0`.
   */
  readonly id?: string;
  readonly transport?: Transport;
  readonly readOnly?: boolean;
  /**
   * Whether no flush reaches the host's disk: right for an overlay that is discarded. Default
   * `false`.
   */
  readonly throwAway?: boolean;
  /** Its place among what firmware boots; `-kernel` has 0, so 1 is the first. Default: none. */
  readonly bootIndex?: number | undefined;
}

/** A virtio disk. Blocks that the guest discards are punched out of the image. */
export function diskArgs(options: DiskOptions): string[] {
  const { id = "disk0", transport = "pci", path, format } = options;
  // `file.filename` with `file.driver` is a plain file name; `file=` would read "a:b" as a
  // protocol. A relative name would depend on QEMU's working directory.
  if (!isAbsolute(path)) throw new RangeError(`"${path}" is not an absolute path`);
  const drive = [
    "if=none",
    `id=${id}`,
    `format=${format}`,
    "file.driver=file",
    `file.filename=${optionValue(path)}`,
    ...(options.throwAway ? ["cache=unsafe"] : []),
    ...(options.readOnly ? ["readonly=on"] : ["discard=unmap", "detect-zeroes=unmap"]),
  ];
  const properties = diskProperties(id);
  if (options.bootIndex !== undefined) properties.push(`bootindex=${options.bootIndex}`);
  return [
    ...["-drive", drive.join(",")],
    ...["-device", virtioDevice("blk", transport, properties)],
  ];
}

/** The first serial port, to a file; with a socket in a private directory it also takes input. */
export function consoleArgs(logPath: string, socketPath?: string): string[] {
  const device = socketPath === undefined ? `file,id=console0,path=${optionValue(logPath)}` : [
    `socket,id=console0,path=${optionValue(socketPath)},server=on,wait=off`,
    `logfile=${optionValue(logPath)},logappend=off`,
  ].join(",");
  return [
    ...["-chardev", device],
    ...["-serial", "chardev:console0"],
  ];
}

/**
 * QMP on a Unix socket for later clients, in a private directory: any client controls the guest.
 */
export function qmpArgs(socketPath: string): string[] {
  return [
    ...["-chardev", `socket,id=qmp0,path=${optionValue(socketPath)},server=on,wait=off`],
    ...["-mon", "chardev=qmp0,mode=control"],
  ];
}

/** QMP to a Unix socket on which `listenQmp` is already listening (it explains why). */
export function qmpCallArgs(socketPath: string): string[] {
  return [
    ...["-chardev", `socket,id=call0,path=${optionValue(socketPath)},server=off`],
    ...["-mon", "chardev=call0,mode=control"],
  ];
}

/** Entropy from the host, so that key generation and `getrandom(2)` never wait. */
export function rngArgs(transport: Transport = "pci"): string[] {
  return [
    ...["-object", "rng-builtin,id=rng0"],
    ...["-device", virtioDevice("rng", transport, ["rng=rng0"])],
  ];
}

/** Only the requested devices, no window, and a reboot (or a panic's reboot) ends QEMU. */
export function quietArgs(): string[] {
  return ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"];
}

/** QEMU's own messages carry the time, in UTC. */
export function messageArgs(): string[] {
  return ["-msg", "timestamp=on"];
}

/** The guest's name as QEMU, `ps` and QMP's `query-name` show it. */
export function nameArgs(name: string): string[] {
  return ["-name", `guest=${optionValue(name)}`];
}

/** Where QEMU writes its pid; it removes the file when it exits cleanly. */
export function pidfileArgs(path: string): string[] {
  return ["-pidfile", path];
}

/** QEMU's seccomp sandbox (Linux only). `spawn` is needed to migrate to or from `exec:COMMAND`. */
export function sandboxArgs(
  options: { readonly os?: typeof Deno.build.os; readonly spawn?: "allow" | "deny" } = {},
): string[] {
  const { os = Deno.build.os, spawn = "deny" } = options;
  if (os !== "linux") return [];
  const rules = ["obsolete=deny", "elevateprivileges=deny", `spawn=${spawn}`];
  return ["-sandbox", ["on", ...rules, "resourcecontrol=deny"].join(",")];
}

/** Suffixes of QEMU's virtio devices. */
const BUS: Readonly<Record<Transport, string>> = { pci: "pci", mmio: "device", ccw: "ccw" };

/** A virtio device, as `-device` takes it. */
export function virtioDevice(
  kind: "blk" | "net" | "rng" | "serial",
  transport: Transport,
  properties: readonly string[],
): string {
  return [`virtio-${kind}-${BUS[transport]}`, ...properties].join(",");
}

function wholeNumber(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(`${name} is ${value}, which is not a whole number above 0`);
}
