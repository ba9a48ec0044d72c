import type { Platform } from "../config/platform.ts";
import type { RunRecord } from "../guest/runs.ts";
import type { PresentHost } from "../vm/snapshot_recipe.ts";
import type { Entry } from "../store/entry.ts";

/** An entry as gc sees it. */
export interface Listed extends Entry {
  /** Why it is of no use, if it is not. */
  readonly why?: string | undefined;
  /** When it was last used, in milliseconds since 1970, where it goes once it is too old. */
  readonly usedMs?: number;
  /** What it takes on disk, where that is known or more than what lies at its path. */
  readonly bytes?: number;
}

/** What it takes to judge whether entries are of use. */
export interface GcFacts {
  readonly platforms: readonly Platform[];
  /** What each platform's guests would be made of now, by its name. */
  readonly present: ReadonlyMap<string, PresentHost>;
  readonly signal: AbortSignal;
  /** Whether a path has been removed, or would have been without `--dry-run`. */
  readonly isGone: (path: string) => boolean;
  /** Gives the guests that are up and stay up. */
  readonly guests: () => Promise<RunRecord[]>;
}
