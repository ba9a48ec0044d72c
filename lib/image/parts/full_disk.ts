import { HostError, TaskError } from "../../cli/errors.ts";
import { imageCacheDir } from "../../host/paths.ts";

/** ENOSPC and EDQUOT as Deno and programs say them. */
const FULL = /No space left on device|Disk quota exceeded|\(os error (?:28|122)\)/;

/**
 * A build's failure in words that a user can act on if a disk was full; as it is otherwise. Programs
 * only say so among their last lines, and Deno by an error that looks like a bug of ours.
 */
export function explainFullDisk(error: unknown, title: string): unknown {
  if (!(error instanceof Error)) return error;
  const lines = [error.message, ...(error instanceof TaskError ? error.details : [])];
  const said = lines.find((line) => FULL.test(line));
  if (said === undefined) return error;
  return new HostError(`Cannot build ${title}: a disk is full`, {
    details: [
      said.trim(),
      `written to: ${imageCacheDir()}, and ${Deno.env.get("TMPDIR") || "/tmp"}`,
    ],
    next: "deno task gc, or set GUESTHOUSE_IMAGES to a folder on a larger disk",
    cause: error,
  });
}
