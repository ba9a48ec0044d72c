import { walk } from "@std/fs";
import { dirname, join, relative, resolve } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { affectedTests, type ImportGraph, importsIn } from "./affected.ts";

/** The test files that the difference to a commit can reach, uncommitted work included. */
export async function changedTests(
  root: string,
  base: string,
  tests: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const sh = $.with({ cwd: root, signal, what: `list what has changed since ${base}` });
  const lists = [
    await sh`git diff --name-only -z --end-of-options ${base}`.text(),
    await sh`git ls-files --others --exclude-standard -z`.text(),
  ];
  const changed = lists.flatMap((list) => list.split("\0").filter((path) => path !== ""));
  return affectedTests(tests, changed, await importGraph(root));
}

async function importGraph(root: string): Promise<ImportGraph> {
  const files: string[] = [];
  for (const dir of ["lib", "tasks", "configs", "types", "tests"]) {
    const entries = walk(join(root, dir), { includeDirs: false, exts: [".ts"] });
    for await (const { path } of entries) files.push(relative(root, path));
  }
  const tasks = new Map(
    files.filter((file) => /^tasks\/[a-z_]+\.ts$/.test(file) && !file.endsWith("_test.ts"))
      .map((file) => [file.slice("tasks/".length, -".ts".length).replaceAll("_", "-"), file]),
  );
  const graph = new Map<string, string[]>();
  for (const file of files) {
    const found = importsIn(await Deno.readTextFile(join(root, file)), tasks);
    const dir = dirname(join(root, file));
    // Only tests run tasks by name; a module that mentions one does not depend on it.
    const ran = file.startsWith("tests/") ? found.tasks : [];
    graph.set(file, [...found.imports.map((to) => relative(root, resolve(dir, to))), ...ran]);
  }
  return graph;
}
