import { join } from "@std/path";
import { runsDir } from "../host/paths.ts";

/**
 * Removes former versions of an image, except those from which a guest may still run. The run
 * records say so; a record whose guest is gone is removed with its run, and the version next time.
 */
export async function removeUnusedVersions(home: string, currentKey: string): Promise<void> {
  const used = await usedDirs();
  for await (const entry of Deno.readDir(home)) {
    if (!entry.isDirectory || !/^[0-9a-f]{16}$/.test(entry.name)) continue;
    const dir = join(home, entry.name);
    if (currentKey.startsWith(entry.name) || used.has(dir)) continue;
    await Deno.remove(dir, { recursive: true });
  }
}

async function usedDirs(): Promise<Set<string>> {
  const dirs = new Set<string>();
  try {
    for await (const entry of Deno.readDir(runsDir())) {
      const text = await Deno.readTextFile(join(runsDir(), entry.name, "run.json")).catch(() => "");
      const dir = /"imageDir": "(.*)"/.exec(text)?.[1];
      if (dir !== undefined) dirs.add(JSON.parse(`"${dir}"`));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return dirs;
}
