import { plainLine } from "../cli/plain_text.ts";

/** How much of a log's end {@link readLogTail} looks at: more than its lines ever take. */
const TAIL_BYTES = 64 * 1024;

/**
 * The last lines of a log, as plain text and without empty ones. `fromByte` skips what earlier
 * runs have written. A log that does not exist has no lines.
 */
export async function readLogTail(
  path: string,
  options: { readonly lines: number; readonly fromByte?: number },
): Promise<string[]> {
  let text: string;
  try {
    using file = await Deno.open(path, { read: true });
    const { size } = await file.stat();
    const start = Math.max(options.fromByte ?? 0, size - TAIL_BYTES);
    await file.seek(start, Deno.SeekMode.Start);
    text = await new Response(file.readable).text();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").map(plainLine).filter((line) => line !== "").slice(-options.lines);
}
