import { dirname, join } from "@std/path";
import { FileRefused, MOST_TEXT_BYTES } from "./project_file.ts";

/**
 * Refuses work trees in which git would wait forever or fill the memory, since it opens each
 * `.gitignore`, and `HEAD` in nested repositories. Throws {@link FileRefused}. Other causes end at
 * git's time limit.
 */
export async function checkIgnoreFiles(
  top: string,
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  for (let above = dir; above !== top;) {
    above = dirname(above);
    await checkIgnoreFile(join(above, ".gitignore"));
  }
  const waiting = [dir];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    signal.throwIfAborted();
    // What cannot be read is passed over: git does the same, and the copy will name it.
    const entries = await Array.fromAsync(Deno.readDir(next)).catch(() => []);
    for (const { name, isDirectory } of entries) {
      const path = join(next, name);
      if (name === ".gitignore") await checkIgnoreFile(path);
      else if (!isDirectory) continue;
      else if (name !== ".git") waiting.push(path);
      // Git sees a copy of the repository itself.
      else if (next !== top) await checkRepositoryFiles(path);
    }
  }
}

async function checkIgnoreFile(path: string): Promise<void> {
  const info = await Deno.stat(path).catch(() => undefined);
  if (info === undefined || info.isDirectory) return;
  if (!info.isFile) throw refused(path, "it is not a regular file");
  if (info.size > MOST_TEXT_BYTES) {
    throw refused(path, `it is larger than ${MOST_TEXT_BYTES} bytes`);
  }
}

async function checkRepositoryFiles(gitDir: string): Promise<void> {
  for (const { name } of await Array.fromAsync(Deno.readDir(gitDir)).catch(() => [])) {
    const path = join(gitDir, name);
    const info = await Deno.stat(path).catch(() => undefined);
    // Git's own file system monitor leaves a socket there.
    if (info?.isFifo) throw refused(path, "it is a FIFO");
  }
}

const refused = (path: string, why: string) => new FileRefused(`${JSON.stringify(path)}: ${why}`);
