import { dirname, join } from "@std/path";
import { $ } from "../../lib/base/process/dollar.ts";

/** Writes a project of the given files below a directory of that name; returns its path. */
export async function writeProject(
  parent: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const dir = join(parent, name);
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(dir, path)), { recursive: true });
    await Deno.writeTextFile(join(dir, path), text);
  }
  return dir;
}

/** A project without CMake, whose steps are shell commands. */
export function shellProject(
  steps: Readonly<Record<string, string>>,
  { cwd, ...more }: Readonly<Record<string, unknown>> & { readonly cwd?: string } = {},
): Record<string, string> {
  const list = Object.entries(steps)
    .map(([name, script]) => ({ name, run: ["sh", "-c", script], cwd }));
  return { "guesthouse.json": JSON.stringify({ steps: { default: list }, ...more }) };
}

/** Every path below a directory with its size, mode and time: equal listings mean nothing changed. */
export async function listTree(dir: string): Promise<string> {
  const lines = await $`find ${dir} -printf ${"%P\\t%y\\t%s\\t%m\\t%T@\\t%l\\n"}`.lines();
  return lines.sort().join("\n");
}
