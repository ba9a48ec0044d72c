import type { GuestCommands } from "../../guest/guest_commands.ts";
import type { RecipeInput } from "../../store/recipe.ts";

/** What one run brings into its guest. */
export interface Seed {
  /** OpenSSH private and public host key. */
  readonly hostKey: { readonly secret: string; readonly public: string };
  /** Public keys that may log in as the guest's user. */
  readonly authorizedKeys: string;
  readonly hostname: string;
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

/** All in which guests of one operating system differ from those of another. */
export interface GuestSystem {
  readonly commands: GuestCommands;
  readonly seeds: SystemSeeds;
}
