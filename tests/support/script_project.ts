import { join } from "@std/path";
import type { Sandbox } from "./harness.ts";

/** A project whose one step is this script; nothing has to be compiled. */
export async function scriptProject(
  box: Sandbox,
  script: string,
  config: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const dir = join(box.dir, "project");
  await Deno.mkdir(dir, { recursive: true });
  const steps = { default: [{ name: "script", run: ["sh", "-c", script] }] };
  await Deno.writeTextFile(join(dir, "guesthouse.json"), JSON.stringify({ steps, ...config }));
  return dir;
}
