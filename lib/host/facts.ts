import { findProgram } from "../base/process/find_program.ts";
import { ownScript } from "../base/process/own_script.ts";
import { run } from "../base/process/run.ts";

/** Programs that install packages, in the order in which they are looked for. */
const PACKAGE_MANAGERS = ["apt", "brew", "dnf", "pacman", "nix"] as const;

/** A package manager that we know the package names of. */
export type PackageManager = typeof PACKAGE_MANAGERS[number];

/**
 * Identifies this host and its current boot: verdicts about hardware are valid as long as it is
 * unchanged.
 */
interface HostIdentity {
  /** A UUID on Linux, the time of boot on macOS; `undefined` if the host does not tell. */
  readonly bootId: string | undefined;
  /** The processor's own name, or `unknown`. */
  readonly cpuModel: string;
}

/** What decides which programs a host has, and what they take. */
export interface HostKind {
  readonly os: "linux" | "darwin";
  readonly arch: typeof Deno.build.arch;
}

/** The host that the task runs on; tests describe others. */
export const thisHost = (): HostKind => ({ os: hostOs(), arch: Deno.build.arch });

/** Facts about the machine that the task runs on. */
export interface HostFacts extends HostIdentity, HostKind {
  /** For people: `Debian GNU/Linux 12 (bookworm)`, `macOS 15.1`. */
  readonly distro: string;
  /** The `ID` of os-release, such as `debian`; `macos` on macOS. */
  readonly distroId: string;
  /** Processors that the task may use, including CPU quotas of containers. */
  readonly cores: number;
  readonly memoryMiB: number;
  /** Memory that can be used without swapping. */
  readonly availableMemoryMiB: number;
  readonly packageManager: PackageManager | undefined;
  readonly isRoot: boolean;
}

/** Determines the facts about the host. */
export async function hostFacts(host: HostKind = thisHost()): Promise<HostFacts> {
  const { os, arch } = host;
  const [identity, distro, memoryMiB] = await Promise.all([
    os === hostOs() ? hostIdentity() : readIdentity(os),
    readDistro(os),
    hostMemoryMiB(os),
  ]);
  return {
    ...identity,
    ...{ os, arch },
    distro: distro.name,
    distroId: distro.id,
    // The runtime behind this counts the CPU affinity and the quota of the control group.
    cores: navigator.hardwareConcurrency,
    memoryMiB,
    availableMemoryMiB: Math.min(toMiB(Deno.systemMemoryInfo().available), memoryMiB),
    packageManager: findPackageManager(),
    isRoot: Deno.uid() === 0,
  };
}

/** As in {@link hostFacts}, but only the memory, which takes a few milliseconds. */
export async function hostMemoryMiB(os: HostKind["os"] = hostOs()): Promise<number> {
  const limitMiB = os === "darwin" ? Infinity : await memoryLimitMiB();
  return Math.min(toMiB(Deno.systemMemoryInfo().total), limitMiB);
}

const toMiB = (bytes: number) => Math.floor(bytes / 1024 ** 2);

let identity: Promise<HostIdentity> | undefined;

/** Like {@link hostFacts}, but only the identity; cheap, and determined once. */
export function hostIdentity(): Promise<HostIdentity> {
  identity ??= readIdentity(hostOs());
  return identity;
}

async function readIdentity(os: HostKind["os"]): Promise<HostIdentity> {
  if (os !== "darwin") return (await kernelFacts()).identity;
  const { stdout } = await run(["sysctl", "-n", "machdep.cpu.brand_string", "kern.boottime"]);
  const [cpuModel = "unknown", time = ""] = stdout.split("\n");
  // { sec = 1718000000, usec = 123456 } Mon Jun 10 ...
  return { cpuModel, bootId: /sec = \d+/.exec(time)?.[0] };
}

const KERNEL_FACTS = ownScript("kernel_facts.sh", import.meta.url);

let kernel: ReturnType<typeof readKernelFacts> | undefined;

/** What Linux says of this boot and this task, without a module of Node; determined once. */
const kernelFacts = () => kernel ??= readKernelFacts();

async function readKernelFacts() {
  const { stdout } = await run([KERNEL_FACTS, "/proc", "/sys/fs/cgroup"]);
  const [bootId, cpuModel = "", ...limits] = stdout.trimEnd().split("\n");
  return {
    identity: { bootId: bootId || undefined, cpuModel: cpuModel.trim() || "unknown" },
    limits,
  };
}

/** The smallest limit of the control groups that this task is in; `Infinity` without one. */
async function memoryLimitMiB(): Promise<number> {
  // "max" is not a number. Version 1 says "none" by a huge one, which the minimum discards.
  const limits = (await kernelFacts()).limits.map(Number).filter(Number.isFinite);
  return Math.floor(Math.min(Infinity, ...limits) / 1024 ** 2);
}

/** The host's operating system by Deno's name for it. */
export function hostOs(): HostKind["os"] {
  return Deno.build.os === "darwin" ? "darwin" : "linux";
}

async function readDistro(
  os: HostKind["os"],
): Promise<{ readonly id: string; readonly name: string }> {
  if (os === "darwin") {
    const { stdout } = await run(["sw_vers", "-productVersion"]);
    return { id: "macos", name: `macOS ${stdout.trim()}` };
  }
  const text = await Deno.readTextFile("/etc/os-release").catch(() => "");
  return parseOsRelease(text);
}

/** Reads id and name from an os-release file (freedesktop.org, os-release(5)). */
export function parseOsRelease(text: string): { readonly id: string; readonly name: string } {
  const value = (key: string) =>
    new RegExp(`^${key}=(["']?)(.*)\\1$`, "m").exec(text)?.[2]?.replaceAll(/\\(.)/g, "$1");
  const id = value("ID") ?? "linux";
  return { id, name: value("PRETTY_NAME") ?? value("NAME") ?? id };
}

const MANAGER_PROGRAMS: Readonly<Record<PackageManager, string>> = {
  apt: "apt-get",
  brew: "brew",
  dnf: "dnf",
  pacman: "pacman",
  nix: "nix",
};

function findPackageManager(): PackageManager | undefined {
  return PACKAGE_MANAGERS.find((manager) => findProgram(MANAGER_PROGRAMS[manager]) !== undefined);
}
