import { join, toFileUrl } from "@std/path";
import type { TaskSpec } from "./spec.ts";

/** The specs of all tasks, by name, from the modules in `tasksDir` (absolute). Runs no task. */
export async function loadSpecs(tasksDir: string): Promise<TaskSpec[]> {
  const files: string[] = [];
  for await (const { name, isFile } of Deno.readDir(tasksDir)) {
    if (isFile && name.endsWith(".ts") && !name.endsWith("_test.ts")) files.push(name);
  }
  const specs = await Promise.all(files.map((file) => loadSpec(tasksDir, file)));
  return specs
    .filter((spec) => spec !== undefined)
    .sort((a, b) => a.name < b.name ? -1 : 1);
}

async function loadSpec(tasksDir: string, file: string): Promise<TaskSpec | undefined> {
  const module: { spec?: TaskSpec } = await import(toFileUrl(join(tasksDir, file)).href);
  return module.spec;
}
