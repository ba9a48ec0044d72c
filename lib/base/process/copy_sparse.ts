import { $ } from "./dollar.ts";

/** From this size on a copy is worth a process, which can be ended. */
const LARGE_BYTES = 16 * 2 ** 20;

/** Copies a file with its permissions and holes. Throws the signal's reason when aborted. */
export async function copySparse(from: string, to: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // macOS copies within a file system without reading, by references to the same blocks.
  const { size } = await Deno.stat(from);
  if (Deno.build.os === "darwin" || size < LARGE_BYTES) return await Deno.copyFile(from, to);
  await $`cp --sparse=always -- ${from} ${to}`.signal(signal).what(`copy "${from}"`);
}
