import { assertEquals } from "@std/assert";
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

/** A project whose artifacts are links of many kinds; `lost` adds those that lead nowhere or out. */
export function linksProject({ lost = false } = {}): Record<string, string> {
  const make = [
    "set -e; mkdir -p bin deep/er out/closed; echo app >bin/app-1.2; chmod 755 bin/app-1.2",
    "ln -s app-1.2 bin/app; echo so >libx.so.1.2; ln -s libx.so.1.2 libx.so.1",
    'ln -s libx.so.1 libx.so; echo d >deep/er/.dot; ln -s ../deep out/dir; ln -s "$0" out/source',
    'ln -s . out/self; ln -s .. "out/up -> it"; echo c >out/closed/file; mkfifo out/pipe',
    "chmod 444 out/closed/file; chmod 555 out/closed; echo x >\"$(printf 'out/bad\\377')\"",
    ...lost ? ["ln -s none out/none; ln -s /etc/hostname out/beyond"] : [],
  ].join("; ");
  const steps = {
    default: [{ name: "make", run: ["sh", "-c", make, "{source}"], cwd: "{build}" }],
  };
  const artifacts = ["bin/app", "lib*.so", "out"];
  return {
    "src/a": "text",
    "guesthouse.json": JSON.stringify({ source: "src", steps, artifacts }),
  };
}

/** Asserts what has arrived of {@link linksProject}: plain files, which can all be removed again. */
export async function assertLinked(dir: string): Promise<void> {
  const found = await $`find ${dir} ${"!"} -type d -printf ${"%y %P\n"}`.lines();
  assertEquals(found.sort(), [
    ...["f bin/app", "f libx.so", "f out/closed/file", "f out/dir/er/.dot", "f out/source/a"],
  ]);
  assertEquals((await Deno.stat(join(dir, "bin/app"))).mode! & 0o100, 0o100);
  assertEquals((await Deno.stat(join(dir, "out/closed"))).mode! & 0o700, 0o700);
}
