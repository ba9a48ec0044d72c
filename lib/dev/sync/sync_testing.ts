import { dirname, join } from "@std/path";
import { loopback } from "../../guest/rsync_testing.ts";
import { prepareSync, type SyncOptions } from "./sync.ts";
import { planLines } from "./sync_plan.ts";

/**
 * A "guest" that is another directory of this host: rsync's remote shell leads back here, and commands
 * run here.
 */
export async function withLoopback(use: (options: SyncOptions) => Promise<void>) {
  const dir = await Deno.makeTempDir({ prefix: "gh-sync-" });
  const path = Deno.env.get("PATH") ?? "";
  try {
    for (const name of ["bin", "my host", "gue st", "state"]) await Deno.mkdir(join(dir, name));
    const script = '#!/bin/sh\nwhile [ "$1" != shared ]; do shift; done\nshift\nexec sh -c "$*"\n';
    await Deno.writeTextFile(join(dir, "bin/ssh"), script, { mode: 0o755 });
    Deno.env.set("PATH", `${join(dir, "bin")}:${path}`);
    await use({
      ssh: loopback(),
      hostDir: join(dir, "my host"),
      guestDir: join(dir, "gue st"),
      stateDir: join(dir, "state"),
      readOnly: false,
    });
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(dir, { recursive: true });
  }
}

export async function write(dir: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(dir, path)), { recursive: true });
    await Deno.writeTextFile(join(dir, path), text);
  }
}

export const read = (dir: string, path: string) =>
  Deno.readTextFile(join(dir, path)).catch(() => undefined);

export const namesIn = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir), ({ name }) => name)).sort();

export async function sync(options: SyncOptions): Promise<{ lines: string[]; backup?: string }> {
  const prepared = await prepareSync(options);
  const backup = await prepared.run();
  return { lines: planLines(prepared.plan), ...(backup === undefined ? {} : { backup }) };
}
