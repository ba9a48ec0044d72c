import type { Platform } from "../../config/platform.ts";
import type { GuestCommands } from "../../guest/guest_commands.ts";
import type { SerialOptions } from "../../guest/serial_console.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import type { ToolGroup } from "../../host/tools/tool.ts";
import type { RecipeInput } from "../../store/recipe.ts";
import type { DownloadHow } from "../disk/downloads.ts";
import type { BuildOptions } from "../../store/ensure_built.ts";

/** What one run brings into its guest. */
export interface Seed {
  /** OpenSSH private and public host key. */
  readonly hostKey: { readonly secret: string; readonly public: string };
  /** Public keys that may log in as the guest's user. */
  readonly authorizedKeys: string;
  readonly hostname: string;
  /** Certificates in PEM that the guest trusts besides its own; empty for none. */
  readonly certificates: string;
  /** Login name of the guest's user. */
  readonly user: string;
}

/**
 * Archives with what a run brings into its guest. Of a {@link GuestSystem} that boots a kernel they
 * are cpio archives, which are appended to its initramfs. Of one that boots firmware the archive is
 * a tar on a disk of its own (`SEED_SERIAL`), which a service of the image unpacks into the root
 * before SSH answers.
 */
export interface SystemSeeds {
  /** What each run brings along, and what programs need that reach the network by the proxy. */
  run(seed: Seed): Uint8Array<ArrayBuffer>;
  /** What its guests need to be saved and resumed; without it, they always boot. */
  readonly warm?: WarmSeeds;
}

/** What {@link SystemSeeds} have for memory snapshots. */
interface WarmSeeds {
  /** The service that brings a guest to rest before it is saved, and corrects it afterwards. */
  resume(): Promise<Uint8Array<ArrayBuffer>>;
  /** That service's name. */
  readonly resumeService: string;
  /** What decides what is in them, as inputs of a snapshot's key. */
  readonly inputs: readonly RecipeInput[];
}

/** What boots a guest: QEMU, with the image's kernel; or firmware, from its disk. */
export type SystemBoot = "kernel" | "uefi" | "bios";

/** A disk to start from, which stays as it is, and one to make: qcow2 files. */
interface Disks {
  readonly from: string;
  readonly to: string;
}

/** A serial console; `timeScale` is below 1 for guests that are not emulated. */
export type GuestConsole = SerialOptions & { readonly timeScale: number };

/** Guests of the platform that an image is made for; see `lib/setup/build_guests.ts`. */
export interface BuildGuests {
  /** Boots a disk's overlay, has it changed until it turns itself off, and keeps both as a disk. */
  changeAtConsole<Result>(
    disks: Disks,
    change: (console: GuestConsole) => Promise<Result>,
  ): Promise<Result>;
  /**
   * As {@link changeAtConsole}, but the system sets itself up for a login over SSH from a disk that
   * `makeSeed` writes, and is turned off afterwards.
   */
  changeOverSsh<Result>(
    disks: Disks,
    makeSeed: (seed: Seed) => Promise<{ readonly path: string }>,
    change: (ssh: SshConnection, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result>;
  /** Has the user change it instead, where that was asked for: the disk `from`, if there is one. */
  readonly byHand?: {
    readonly from: string | undefined;
    change(disks: Disks): Promise<void>;
  } | undefined;
  /** Boots an overlay of a finished disk, and logs in over SSH. Throws `GuestError`. */
  verify(image: { readonly dir: string; readonly disk: string }): Promise<void>;
}

/** Where and how {@link GuestSystem.build} works. */
export interface SystemBuild extends BuildOptions {
  /** Makes a directory for `IMAGE_FILES`, once the slow first stage is done. */
  makeDir(): Promise<string>;
  /** tiny-init, PID 1 of the initramfs, for the guest's architecture. Only of `kernel` systems. */
  readonly init: Promise<Uint8Array>;
  /** How a downloaded image is come by. */
  readonly download?: DownloadHow | undefined;
  /** Guests to make the image in; not for systems that do without. */
  readonly guests?: BuildGuests | undefined;
  /** Build again what was kept of an earlier build. */
  readonly force?: boolean | undefined;
}

/** All in which guests of one operating system differ from those of another. */
export interface GuestSystem<Own extends Platform = Platform> {
  readonly commands: GuestCommands;
  readonly boot: SystemBoot;
  /** The tools that {@link build} needs, besides those for guests. */
  readonly tools: readonly ToolGroup[];
  readonly seeds: SystemSeeds;
  /** All that decides what the slow first stage makes, which is kept: which packages a root has. */
  rootStages(platform: Own): RecipeInput[];
  /** All that decides what is in an image, {@link rootStages} included, but for tiny-init. */
  stages(platform: Own): RecipeInput[];
  /** Throws `HostError` if this user can build no such image at all, before anything is begun. */
  readonly check?: (signal: AbortSignal) => Promise<void>;
  /**
   * Makes disk and list of packages in `dir`, and kernel and initramfs where QEMU boots those; safe
   * to interrupt.
   */
  build(
    platform: Own,
    options: SystemBuild,
  ): Promise<{ readonly dir: string; readonly kernelVersion: string }>;
  /** The commands of a build, for people: before tiny-init is compiled, and after. */
  dryRun(
    platform: Own,
    how?: DownloadHow,
  ): { readonly root: string[][]; readonly disk: string[][] };
}
