import { UsageError } from "../base/errors.ts";
import { showPath } from "./show_path.ts";

/**
 * Names of all platforms, from their files (without those that start with `_`). In its own module,
 * without the validation in platform.ts, so that help and completion stay fast.
 */
export async function platformNames(dir: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of readConfigs(dir)) {
    const isPart = name.startsWith("_") || name.endsWith("_test.ts");
    if (!isDirectory && name.endsWith(".ts") && !isPart) {
      names.push(name.slice(0, -".ts".length).replaceAll("_", "-"));
    }
  }
  return names.sort();
}

async function* readConfigs(dir: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(dir);
  } catch (cause) {
    throw new UsageError(`Cannot list the platforms: ${showPath(dir)} cannot be read`, {
      details: [cause instanceof Error ? cause.message : String(cause)],
      next: "run guesthouse from a whole checkout",
      cause,
    });
  }
}
