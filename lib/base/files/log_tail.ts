import { plainLine } from "../text/plain_text.ts";

/** How much of a log's end {@link readLogTail} looks at: more than its lines ever take. */
const TAIL_BYTES = 64 * 1024;

/** The last lines of a log from `fromByte` on, as plain text, without empty ones. */
export async function readLogTail(
  path: string,
  options: { readonly lines: number; readonly fromByte?: number },
): Promise<string[]> {
  let text: string;
  try {
    text = new TextDecoder().decode(await readTail(path, TAIL_BYTES, options.fromByte));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").map(plainLine).filter((line) => line !== "").slice(-options.lines);
}

/** At most this many of a file's last bytes, and none before `fromByte`. */
async function readTail(
  path: string,
  maxBytes: number,
  fromByte = 0,
): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path, { read: true });
  const { size } = await file.stat();
  const start = Math.max(fromByte, size - maxBytes, 0);
  const bytes = new Uint8Array(Math.max(0, size - start));
  await file.seek(start, Deno.SeekMode.Start);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return bytes.subarray(0, length);
}
