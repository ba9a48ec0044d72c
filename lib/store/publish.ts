import { dirname } from "@std/path";
import { syncPath } from "../base/files/atomic_write.ts";

/** A file or a directory, and the name that it gets; both are on one file system. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * Gives what has been made its names, in the order of the moves, and lets something vouch for it
 * last: a crash of the host leaves nothing that vouches for what is not on the disk. Of what is moved,
 * each file must be recorded by `recordFile()`, which has waited for its bytes.
 */
export async function publish(
  moves: readonly Move[],
  { withdraw, vouch }: {
    /** The file that vouches for what was there before: it is removed first. */
    readonly withdraw?: string;
    /** Called once the names are on the disk. */
    readonly vouch?: () => Promise<void>;
  } = {},
): Promise<void> {
  if (withdraw !== undefined) await Deno.remove(withdraw).catch(() => {});
  for (const { from, to } of moves) if (from !== to) await Deno.rename(from, to);
  for (const dir of new Set(moves.map(({ to }) => dirname(to)))) await syncPath(dir);
  await vouch?.();
}
