import { join } from "@std/path";

/** Names of the directories in a directory, sorted; none if it does not exist. */
export async function dirNames(dir: string): Promise<string[]> {
  return (await entriesOf(dir)).filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
}

/** Names of the files in a directory, sorted; none if it does not exist. */
export async function fileNames(dir: string): Promise<string[]> {
  return (await entriesOf(dir)).filter(({ isFile }) => isFile).map(({ name }) => name);
}

/** Whether there is anything at a path, even if it is not accessible. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}

/** Whether a path leads to a regular file. */
export async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}

/** The size of a file in bytes; 0 if there is none, or it is not accessible. */
export async function fileBytes(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}

/** When a file was last changed, in milliseconds since 1970; 0 if unknown. */
export async function changedMs(path: string): Promise<number> {
  return await Deno.stat(path).then(({ mtime }) => mtime?.getTime() ?? 0, () => 0);
}

/** A path without symbolic links; unchanged if nothing is there. */
export async function realPath(path: string): Promise<string> {
  return await Deno.realPath(path).catch(() => path);
}

/** Whether a path leads to the same place as one of others. */
export async function isAmong(path: string, others: readonly string[]): Promise<boolean> {
  const real = await realPath(path);
  return (await Promise.all(others.map(realPath))).includes(real);
}

/** Removes a file or a directory tree, if it exists, also a read-only one. Follows no link. */
export async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    await makeWritable(path);
    await Deno.remove(path, { recursive: true });
  }
}

async function makeWritable(dir: string): Promise<void> {
  const { isDirectory, mode } = await Deno.lstat(dir);
  if (!isDirectory) return;
  await Deno.chmod(dir, ((mode ?? 0) & 0o7777) | 0o700);
  for (const name of await dirNames(dir)) await makeWritable(join(dir, name));
}

/** The disk usage in bytes of a file or a directory tree; 0 for what is not accessible. */
export async function diskBytes(path: string): Promise<number> {
  const info = await Deno.lstat(path).catch(() => undefined);
  if (info === undefined) return 0;
  // Blocks of stat(2) have 512 bytes on every system.
  let bytes = (info.blocks ?? 0) * 512;
  if (!info.isDirectory) return bytes;
  for (const { name } of await entriesOf(path).catch(() => [])) {
    bytes += await diskBytes(join(path, name));
  }
  return bytes;
}

async function entriesOf(dir: string): Promise<Deno.DirEntry[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(dir));
    return entries.sort((a, b) => a.name < b.name ? -1 : 1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
