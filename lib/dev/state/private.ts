import { join } from "@std/path";
import { devDir, devGuestsDir } from "./dev_paths.ts";
import { isPathAbsent } from "../../base/files/read_text.ts";

/** Modes of files and directories that only this user may access. */
const PRIVATE = { dir: 0o700, file: 0o600 } as const;

/** Creates a directory, and those above it, for this user only. */
export async function makePrivateDir(dir: string): Promise<void> {
  await Deno.mkdir(dir, { recursive: true, mode: PRIVATE.dir });
}

/** Makes a guest's files inaccessible to other users, also those of earlier versions. */
export async function closeDevDir(name: string): Promise<void> {
  await close(devGuestsDir(), PRIVATE.dir);
  await closeDir(devDir(name));
}

/** Does so for a directory and the files directly in it, but not below its subdirectories. */
export async function closeDir(dir: string): Promise<void> {
  // First, so that nobody opens what is closed next.
  await close(dir, PRIVATE.dir);
  const entries = await Array.fromAsync(Deno.readDir(dir)).catch(ifAbsent([]));
  for (const { name, isDirectory, isFile } of entries) {
    if (isDirectory) await close(join(dir, name), PRIVATE.dir);
    if (isFile) await close(join(dir, name), PRIVATE.file);
  }
}

async function close(path: string, mode: number): Promise<void> {
  const info = await Deno.lstat(path).catch(ifAbsent(undefined));
  if (info === undefined || ((info.mode ?? 0) & 0o077) === 0) return;
  await Deno.chmod(path, mode).catch(ifAbsent(undefined));
}

const ifAbsent = <T>(value: T) => (error: unknown): T => {
  if (isPathAbsent(error)) return value;
  throw error;
};
