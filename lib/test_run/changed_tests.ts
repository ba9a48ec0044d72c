import { basename, dirname, join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { affectedTests, type Checkout, edgesOf, type ImportGraph, waysTo } from "./affected.ts";

/** The test files that the difference to a commit can reach, uncommitted work included. */
export async function changedTests(
  root: string,
  base: string,
  tests: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const sh = $.with({ cwd: root, signal, what: `list what has changed since ${base}` });
  const [changed, tracked, others] = [
    await sh`git diff --name-only -z --end-of-options ${base}`.text(),
    await sh`git ls-files -z`.text(),
    await sh`git ls-files --others --exclude-standard -z`.text(),
  ].map((list) => list.split("\0").filter((path) => path !== ""));
  const graph = await importGraph(root, [...tracked!, ...others!]);
  return affectedTests(tests, [...changed!, ...others!], graph);
}

/** The graph of a checkout that has these files. */
export async function importGraph(root: string, files: readonly string[]): Promise<ImportGraph> {
  const byName = (dirs: readonly string[]) =>
    new Map(
      files.filter((file) => dirs.includes(dirname(file)) && /\/[a-z0-9_]+\.ts$/.test(file))
        .filter((file) => !file.endsWith("_test.ts"))
        .map((file) => [basename(file, ".ts").replaceAll("_", "-"), file]),
    );
  const modules = files.filter((file) => file.endsWith(".ts"));
  // Those at the top, such as deno.json, are about everything.
  const others = files.filter((file) => !/\.(?:ts|md)$/.test(file) && file.includes("/"));
  const dirs = new Set(others.map(dirname)).difference(new Set(modules.flatMap(waysTo)));
  const checkout: Checkout = {
    tasks: byName(["tasks"]),
    images: byName(["configs/platforms", "configs/dev_images"]),
    sources: new Set([
      ...dirs,
      ...others,
      ...modules.filter((file) => file.startsWith("configs/")),
    ]),
  };
  const graph = new Map<string, string[]>();
  for (const file of modules) {
    const text = await Deno.readTextFile(join(root, file)).catch(() => "");
    graph.set(file, edgesOf(file, text, checkout));
  }
  return graph;
}
