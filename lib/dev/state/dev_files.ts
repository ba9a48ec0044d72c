import { join } from "@std/path";
import { bytesText } from "../../base/text/bytes.ts";
import { isPathAbsent } from "../../base/files/read_text.ts";
import { devDir } from "./dev_paths.ts";

export interface DevFile {
  readonly path: string;
  /** Its disk usage on the host, which is less than its length if it has holes. */
  readonly bytes: number;
}

/** A file as shown to users. */
export const fileText = ({ path, bytes }: DevFile): string => `${path} (${bytesText(bytes)})`;

/** All files in a guest's directory, the largest first. */
export async function listDevFiles(name: string): Promise<DevFile[]> {
  const files = await filesBelow(devDir(name));
  return files.sort((a, b) => b.bytes - a.bytes);
}

/** All files in a directory and those below it. */
export async function filesBelow(dir: string): Promise<DevFile[]> {
  const files: DevFile[] = [];
  try {
    for await (const entry of Deno.readDir(dir)) {
      const path = join(dir, entry.name);
      if (entry.isDirectory) files.push(...await filesBelow(path));
      else files.push({ path, bytes: bytesOnDisk(await Deno.lstat(path)) });
    }
  } catch (error) {
    if (!isPathAbsent(error)) throw error;
  }
  return files;
}

/** `stat(2)` counts blocks of 512 bytes, whatever the file system's own are. */
const BLOCK_BYTES = 512;

/** A file's disk usage. */
export function bytesOnDisk({ blocks, size }: Pick<Deno.FileInfo, "blocks" | "size">): number {
  return blocks === null ? size : blocks * BLOCK_BYTES;
}
