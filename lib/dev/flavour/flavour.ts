import type { Keys } from "../../host/keys.ts";
import type { ToolGroup } from "../../host/tools/tool_table.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import type { DevConfig, FlavourName } from "../../config/dev_config.ts";
import type { GuestMount, Ids } from "../share/share.ts";

/** What a flavour is told of the guest that it makes or boots. */
export interface FlavourRequest {
  readonly config: DevConfig;
  /** The directory that holds the guest's files (`DEV_FILES`): the staging one during init. */
  readonly dir: string;
  readonly keys: Keys;
  /** Who the guest's user is. */
  readonly guestIds: Ids;
  /** What the guest mounts at `/NAME`. */
  readonly mount: GuestMount | undefined;
  /** Whether the guest has a screen. Default `false`. */
  readonly screen?: boolean;
  /** Only say how; write nothing. Default `false`. */
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
}

/** What {@link DevFlavour.prepare} takes besides. */
export interface PrepareRequest extends FlavourRequest {
  /** Called as each step begins, with its name. */
  readonly onStep: (step: string) => void;
  /** Called with each line that the programs underneath print. */
  readonly log: (line: string) => void;
  /** Whether what was downloaded or built before is not to be used. */
  readonly force: boolean;
}

/** How a guest boots, as QEMU's arguments without machine, disk, network and share. */
export interface BootPlan {
  /** `kernelArgs()`, or firmware. */
  readonly args: readonly string[];
  /** Disks behind the guest's own: u-boot looks for a system on the first one alone. */
  readonly moreDisks?: readonly string[];
  /** Whether the console says "guesthouse: ready" once SSH listens. */
  readonly announcesReady: boolean;
}

/** What init wants next of a guest that is up for the first time. */
export type FirstBootOutcome = "done" | "restart";

/** A program to run in the guest. */
export interface GuestCommand {
  readonly what: string;
  readonly argv: readonly string[];
}

/** What differs between guests that run one system or another. */
export interface DevFlavour {
  readonly name: FlavourName;
  /** Tools of the host that {@link prepare} takes, besides those that start a guest. */
  readonly prepareTools: readonly ToolGroup[];
  /**
   * Whether a guest can only be logged in to after {@link firstBoot}, which then works over the
   * serial console instead.
   */
  readonly firstBootWithoutSsh: boolean;
  /**
   * Whether a start brings the share's mount along, whatever it is. Else the guest mounts what its
   * configuration says, which was written for a former start.
   */
  readonly bringsMount: boolean;
  /**
   * Puts the guest's disk (`DEV_FILES.disk`), and what boots it, into the directory. May be
   * interrupted at any point and is then run again in the same directory, with what it left.
   */
  prepare(request: PrepareRequest): Promise<void>;
  /** How the guest boots from what lies in the directory. Writes this start's keys and settings. */
  boot(request: FlavourRequest): Promise<BootPlan>;
  /**
   * Applies the configuration in a guest that has just come up during init; `restart` for another
   * start, after which it is called again. Must be repeatable.
   */
  firstBoot(guest: FirstBootGuest, request: PrepareRequest): Promise<FirstBootOutcome>;
  /** Which generation of its configuration the guest runs, where it has such. */
  generation(ssh: SshConnection, signal: AbortSignal): Promise<string | undefined>;
  /** What frees space in the guest, in this order. */
  readonly tidy: readonly GuestCommand[];
}

/** A guest of {@link DevFlavour.firstBoot}. */
export interface FirstBootGuest {
  /** Undefined for a flavour with `firstBootWithoutSsh`. */
  readonly ssh: SshConnection | undefined;
  /** Path of the socket of its serial console. */
  readonly consoleSocket: string;
  /** Path of the log of its serial console. */
  readonly consoleLog: string;
  /** Resolves when QEMU has ended. */
  readonly exited: Promise<unknown>;
}
