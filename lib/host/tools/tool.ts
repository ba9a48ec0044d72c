import type { HostFacts, PackageManager } from "../facts.ts";
import type { Arch } from "../../config/archs.ts";

/** What a set of tools is for. */
export type ToolGroup =
  | "native"
  | "image"
  | "binfmt"
  | "seed"
  | "init"
  | "vm"
  | "rust"
  | "kernel"
  | "parts"
  | "nixos"
  | "test"
  | "browser";

/** The circumstances that decide which tools a group needs. */
export interface ToolNeed extends Pick<HostFacts, "os" | "arch" | "distroId" | "isRoot"> {
  /** The architectures of the guests to build, or to boot. */
  readonly guestArchs: readonly Arch[];
}

export interface Tool {
  /** As users know it. */
  readonly name: string;
  /** Any of these will do; an absolute path is a file that need not be a program. */
  readonly programs: readonly string[];
  readonly groups: readonly ToolGroup[];
  /** What a task does with it. */
  readonly purpose: string;
  /** Arguments that print the version; without them, a tool is only searched for. */
  readonly versionArgs?: readonly string[];
  /** Its first group is the version (default: the first number with dots). */
  readonly versionPattern?: RegExp;
  /** The lowest version that works. */
  readonly minimum?: string;
  /** The package that has it. A manager that is not listed has none. */
  readonly packages: Readonly<Partial<Record<PackageManager, string>>>;
  /** A command in place of a package, if the system's vendor ships the tool; it opens a window. */
  readonly command?: Readonly<Partial<Record<PackageManager, readonly string[]>>>;
  /** A command that fetches it; unlike the package manager, it asks for no rights. */
  readonly setup?: ToolSetup;
  /** Whether it is needed at all (default: always). */
  readonly neededIf?: (need: ToolNeed) => boolean;
}

/** How a program that fetches tools fetches one. */
interface ToolSetup {
  /** Finds the program; `undefined` where the package of its name has to bring it first. */
  readonly find: () => string | undefined;
  /** The name of its package. */
  readonly package: string;
  /**
   * Where the package has it. By its path, for permission sets: Deno looks names up when it starts,
   * and the package is only then installed.
   */
  readonly places: Readonly<Partial<Record<PackageManager, string>>>;
  readonly args: readonly string[];
}
