import type { BsdKind } from "../../../config/bsd_entry.ts";
import type { PlatformOf } from "../../../config/platform.ts";
import type { Expected } from "../../../guest/expect.ts";

/** What one BSD differs from the other in. */
export interface BsdTraits {
  /** The script that sets it up, relative to the checkout. */
  readonly script: string;
  /** The file of all certificates that it trusts. */
  readonly certificates: string;
  /** Where its sudo looks for files, relative to the root. */
  readonly sudoersDir: string;
  /** What is typed at its boot loader, if that asks: with `bios`. */
  readonly loader: readonly Expected[];
}

/** A platform whose image is a BSD's own disk, set up over its serial console. */
export type BsdPlatform = PlatformOf<BsdKind>;
