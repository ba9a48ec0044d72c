import type { Extent } from "../base/files/file_digest.ts";
import { $ } from "../base/process/dollar.ts";

/** The data extents of a sparse file, in order; `undefined` if unknown. Deno cannot ask itself. */
export async function dataExtents(path: string): Promise<Extent[] | undefined> {
  const map = ["qemu-img", "map", "-f", "raw", "--output=json", path];
  const { code, stdout } = await $`${map}`.noThrow();
  if (code !== 0) return undefined;
  try {
    const parts = JSON.parse(stdout) as { start: number; length: number; zero: boolean }[];
    return parts.filter(({ zero }) => !zero).map(({ start, length }) => ({ start, length }));
  } catch {
    return undefined;
  }
}
