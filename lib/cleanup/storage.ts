import { bytesText } from "../base/text/bytes.ts";
import type { TaskContext } from "../cli/context.ts";
import { TaskError } from "../base/errors.ts";
import { renderTable } from "../base/terminal/table.ts";
import { diskBytes, exists } from "../base/files/directories.ts";
import type { Platform } from "../config/platform.ts";
import type { RunRecord } from "../guest/runs.ts";
import { type Entry, isBusy, removeEntry } from "../store/entry.ts";
import type { PresentHost } from "./snapshot_judges.ts";

/** Something on disk. */
export interface Stored {
  readonly kind: string;
  readonly path: string;
  /** What it takes on disk; a file with holes takes less than its length. */
  readonly bytes: number;
}

/** An entry as gc sees it. */
export interface Listed extends Entry {
  /** Why it is no longer needed, if that is so. */
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
  /** Returns the guests that are running and keep running. */
  readonly guests: () => Promise<RunRecord[]>;
}

/** Something that went, or would have gone without `--dry-run`. */
export interface Removed extends Stored {
  readonly what: string;
  readonly why: string;
}

export interface RemoveOptions {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onWarning: (text: string) => void;
}

/** Finds out what an entry takes on disk, unless that is known. */
export async function sized<E extends Listed>(entry: E): Promise<E & Stored> {
  return { ...entry, bytes: entry.bytes ?? await diskBytes(entry.path) };
}

/** Removes an entry, or finds out whether it could; reports why not and returns `undefined`. */
export async function removeStored(
  item: Entry & Stored,
  why: string,
  { dryRun, signal, onWarning }: RemoveOptions,
): Promise<Removed | undefined> {
  signal.throwIfAborted();
  const { kind, path, bytes, what } = item;
  const removed = { kind, path, bytes, what, why };
  if (dryRun) return await isBusy(item) ? undefined : removed;
  try {
    if (!await removeEntry(item)) return undefined;
    if (!await exists(path)) return removed;
    onWarning(`Cannot remove all of the ${kind} ${path}: it still exists`);
  } catch (error) {
    if (!isDiskError(error) && !(error instanceof TaskError)) throw error;
    onWarning(`Cannot remove the ${kind} ${path}: ${error.message}`);
  }
}

/** The sum of what they take on disk. */
export const totalBytes = (items: readonly Stored[]): number =>
  items.reduce((sum, { bytes }) => sum + bytes, 0);

/** A thing as `--json` prints it. */
export const storedDocument = ({ kind, path, bytes }: Stored): Stored => ({ kind, path, bytes });

/** Prints a table of what went, and a last line that ends with `rest`. */
export function printRemoved(ctx: TaskContext, removed: readonly Removed[], rest: string): void {
  if (ctx.json) return;
  if (removed.length > 0) {
    const header = ["kind", "what", "size", "why"];
    const rows = removed.map(({ kind, what, bytes, why }) => [kind, what, bytesText(bytes), why]);
    ctx.print(renderTable([header, ...rows], { right: [2] }));
  }
  const size = bytesText(totalBytes(removed));
  ctx.print(
    ctx.dryRun
      ? `${removed.length} would be removed, ${size} would be freed; ${rest}`
      : `${removed.length} removed, ${size} freed; ${rest}`,
  );
}

/** What the operating system says of files, as against a bug or a permission set. */
function isDiskError(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof Deno.errors.NotCapable) &&
    /\(os error \d+\)/.test(error.message);
}
