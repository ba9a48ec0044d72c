import type { Platform } from "../../config/platform.ts";
import type { GuestCommands } from "../../guest/guest_commands.ts";
import type { RecipeInput } from "../../store/recipe.ts";
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

/** Archives that are appended to an image's initramfs, which copies them into the guest's root. */
export interface SystemSeeds {
  /** What each run brings along, and what programs need that reach the network by the proxy. */
  run(seed: Seed): Uint8Array<ArrayBuffer>;
  /** The service that brings a guest to rest before it is saved, and corrects it afterwards. */
  resume(): Promise<Uint8Array<ArrayBuffer>>;
  /** That service's name. */
  readonly resumeService: string;
  /** What decides what is in them, as inputs of a snapshot's key. */
  readonly inputs: readonly RecipeInput[];
}

/** Where and how {@link GuestSystem.build} works. */
export interface SystemBuild extends BuildOptions {
  /** Makes a directory for `IMAGE_FILES`, once the slow first stage is done. */
  makeDir(): Promise<string>;
  /** tiny-init, PID 1 of the initramfs, for the guest's architecture. */
  readonly init: Promise<Uint8Array>;
  /** Build again what was kept of an earlier build. */
  readonly force?: boolean | undefined;
}

/** All in which guests of one operating system differ from those of another. */
export interface GuestSystem {
  readonly commands: GuestCommands;
  readonly seeds: SystemSeeds;
  /** All that decides what the slow first stage makes, which is kept: which packages a root has. */
  rootStages(platform: Platform): RecipeInput[];
  /** All that decides what is in an image, {@link rootStages} included, but for tiny-init. */
  stages(platform: Platform): RecipeInput[];
  /** Makes disk, kernel, initramfs and list of packages in `dir`; safe to interrupt. */
  build(
    platform: Platform,
    options: SystemBuild,
  ): Promise<{ readonly dir: string; readonly kernelVersion: string }>;
  /** The commands of a build, for people: before tiny-init is compiled, and after. */
  dryRun(platform: Platform): { readonly root: string[][]; readonly disk: string[][] };
}
