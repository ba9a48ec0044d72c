import { dirname } from "@std/path";
import { syncPath } from "../base/files/atomic_write.ts";

/** A file or a directory, and the name that it gets; both are on one file system. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * Moves finished files to their names in order, then calls what vouches for them, so that a crash
 * leaves no record without its bytes. Each file must be recorded by `recordFile()` before.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { publish } from "./publish.ts";
 *
 * const dir = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${dir}/new`, "image");
 * await publish([{ from: `${dir}/new`, to: `${dir}/disk` }], {
 *   vouch: () => Deno.writeTextFile(`${dir}/disk.hash`, "key"),
 * });
 * assertEquals(await Deno.readTextFile(`${dir}/disk`), "image");
 * await Deno.remove(dir, { recursive: true });
 * ```
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
