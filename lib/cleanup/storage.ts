import { bytesText } from "../base/text/bytes.ts";
import type { TaskContext } from "../cli/context.ts";
import { TaskError } from "../base/errors.ts";
import { renderTable } from "../base/terminal/table.ts";
import { exists } from "../base/files/folders.ts";

/** What guesthouse keeps on disk and `gc` looks after. */
export type StoredKind =
  | "run"
  /** A run whose guest is up and has neither a task nor been kept. */
  | "guest"
  | "sockets"
  | "unfinished snapshot"
  | "snapshot"
  | "build cache"
  | "image"
  | "rootfs"
  | "unfinished part"
  | "unfinished image"
  | "unfinished file"
  | "temporary files"
  | "native build";

/** Something on disk. */
export interface Stored {
  readonly kind: StoredKind;
  readonly path: string;
  /** What it takes on disk; a file with holes takes less than its length. */
  readonly bytes: number;
}

/** Something on disk that can be removed while nobody uses it. */
export interface Removable extends Stored {
  /** What it is called in a table. */
  readonly what: string;
  /** Whether somebody uses it; nothing is changed. */
  isBusy(): Promise<boolean>;
  /** Removes it with the locks held that keep others from using it. False if somebody does. */
  remove(): Promise<boolean>;
}

/** Something that went, or would have gone without `--dry-run`. */
export interface Removed extends Stored {
  readonly what: string;
  readonly why: string;
}

/** How {@link removeStored} works. */
export interface RemoveOptions {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onWarning: (text: string) => void;
}

/** Removes a thing, or finds out whether that could be done. Returns whether it is gone. */
export async function removeStored(
  item: Removable,
  { dryRun, signal, onWarning }: RemoveOptions,
): Promise<boolean> {
  signal.throwIfAborted();
  if (dryRun) return !await item.isBusy();
  try {
    if (!await item.remove()) return false;
    if (!await exists(item.path)) return true;
    onWarning(`Cannot remove all of the ${item.kind} ${item.path}: it is still there`);
  } catch (error) {
    if (!isDiskError(error) && !(error instanceof TaskError)) throw error;
    onWarning(`Cannot remove the ${item.kind} ${item.path}: ${error.message}`);
  }
  return false;
}

/** Sorts things into those that go and those that stay. */
export class Bin {
  readonly removed: Removed[] = [];
  readonly kept: Stored[] = [];
  readonly #options: RemoveOptions;

  constructor(options: RemoveOptions) {
    this.#options = options;
  }

  /** Removes a thing for a reason, if that can be. Returns whether it went. */
  async drop(item: Removable, why: string): Promise<boolean> {
    if (!await removeStored(item, this.#options)) return false;
    const { kind, path, bytes, what } = item;
    this.removed.push({ kind, path, bytes, what, why });
    return true;
  }

  keep({ kind, path, bytes }: Stored): void {
    this.kept.push({ kind, path, bytes });
  }

  /** Removes a thing if there is a reason to, and keeps it if there is none or it is in use. */
  async sort(item: Removable, why: string | undefined): Promise<void> {
    if (why === undefined || !await this.drop(item, why)) this.keep(item);
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
