import type { Keys } from "../../host/keys.ts";
import type { ToolGroup } from "../../host/tools/tool_table.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import type { DevConfig, FlavourName } from "../../config/dev_config.ts";
import type { GuestMount, Ids } from "../share/share.ts";

/** What a flavour knows about the guest that it creates or boots. */
export interface FlavourRequest {
  readonly config: DevConfig;
  /** The directory that holds the guest's files (`DEV_FILES`): the staging one during init. */
  readonly dir: string;
  readonly keys: Keys;
  readonly guestIds: Ids;
  /** What the guest mounts at `/NAME`. */
  readonly mount: GuestMount | undefined;
  /** Whether the guest has a screen. Default `false`. */
  readonly screen?: boolean;
  /** Only compute the arguments; write nothing. Default `false`. */
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
}

export interface PrepareRequest extends FlavourRequest {
  readonly onStep: (step: string) => void;
  /** Called with each line that the programs underneath print. */
  readonly log: (line: string) => void;
  /** Whether to ignore earlier downloads and builds. */
  readonly force: boolean;
}

/** How a guest boots, as QEMU's arguments without machine, disk, network and share. */
export interface BootPlan {
  /** `kernelArgs()`, or firmware. */
  readonly args: readonly string[];
  /** Disks after the guest's own: u-boot looks for a system only on the first one. */
  readonly moreDisks?: readonly string[];
  /** Whether the console says "guesthouse: ready" once SSH listens. */
  readonly announcesReady: boolean;
}

/** What init does next with a guest that has started for the first time. */
export type FirstBootOutcome = "done" | "restart";

export interface GuestCommand {
  readonly what: string;
  readonly argv: readonly string[];
}

/** What differs between guests with different systems. */
export interface DevFlavour {
  readonly name: FlavourName;
  /** Tools of the host that {@link prepare} needs, in addition to those that start a guest. */
  prepareTools(force: boolean): Promise<readonly ToolGroup[]>;
  /** Whether {@link firstBoot} works over the serial console, since logins come only after it. */
  readonly firstBootWithoutSsh: boolean;
  /** Whether a start passes the share's mount to the guest, whose configuration may be older. */
  readonly bringsMount: boolean;
  /**
   * Puts the disk (`DEV_FILES.disk`) and boot files into the directory; resumes an interrupted run.
   */
  prepare(request: PrepareRequest): Promise<void>;
  /** How the guest boots from the directory. Writes this start's keys and settings. */
  boot(request: FlavourRequest): Promise<BootPlan>;
  /** Applies the configuration in init's guest, repeatably; `restart` asks for another start. */
  firstBoot(guest: FirstBootGuest, request: PrepareRequest): Promise<FirstBootOutcome>;
  /** Which generation of its configuration the guest runs, if it has generations. */
  generation(ssh: SshConnection, signal: AbortSignal): Promise<string | undefined>;
  /** Commands that free space in the guest, in this order. */
  readonly tidy: readonly GuestCommand[];
}

/** A guest of {@link DevFlavour.firstBoot}. */
export interface FirstBootGuest {
  /** Undefined for a flavour with `firstBootWithoutSsh`. */
  readonly ssh: SshConnection | undefined;
  readonly consoleSocket: string;
  readonly consoleLog: string;
  readonly exited: Promise<unknown>;
}
