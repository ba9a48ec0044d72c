import { join } from "@std/path";
import type { Sandbox } from "./harness.ts";

/** A `PATH` with a link to every program of this host but these, and with these scripts. */
export async function hostWithout(
  box: Sandbox,
  without: RegExp,
  scripts: Readonly<Record<string, string>> = {},
): Promise<string> {
  const dir = join(box.dir, "bin");
  await Deno.mkdir(dir);
  for (const [name, body] of Object.entries(scripts)) {
    await Deno.writeTextFile(join(dir, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }
  const taken = new Set(Object.keys(scripts));
  for (const from of (Deno.env.get("PATH") ?? "").split(":")) {
    // PATH may name missing directories.
    const entries = await Array.fromAsync(Deno.readDir(from)).catch(() => []);
    for (const { name } of entries) {
      if (taken.has(name) || without.test(name)) continue;
      taken.add(name);
      await Deno.symlink(join(from, name), join(dir, name));
    }
  }
  return dir;
}

/** The install command, in the words of this Deno's origin (`deno`, or `npx -y deno@...`). */
export const nextCommand = (task: string) =>
  new RegExp(`^ {2}next: .*\\bdeno\\S* task check --install --for ${task} --yes$`, "m");
