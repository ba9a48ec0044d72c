import { join } from "@std/path";
import { outputPath } from "../cli/output_path.ts";
import { exists, removeAll } from "../base/files/directories.ts";
import { artifactsDir } from "../base/files/paths.ts";

/** In a directory of artifacts: the names of those in it that guesthouse made, one in each line. */
const OURS = ".guesthouse-artifacts";

/**
 * The directory of `--artifacts`, from the user's directory; each build empties its own one in it.
 * Throws a UsageError before a build if it is not writable, or one holds the user's own files.
 */
export async function artifactsTarget(
  wanted: string | undefined,
  names: readonly string[],
): Promise<string> {
  if (wanted === undefined) return artifactsDir();
  return await outputPath(wanted, {
    action: "copy artifacts to",
    noun: "a directory",
    async whyNot(dir) {
      if (await Deno.stat(dir).then((info) => !info.isDirectory, () => false)) {
        return "it is not a directory";
      }
      const foreign = await firstForeign(dir, names);
      return foreign && `it would empty ${foreign}, which guesthouse has not made`;
    },
  });
}

async function firstForeign(dir: string, names: readonly string[]): Promise<string | undefined> {
  const text = await Deno.readTextFile(join(dir, OURS)).catch(() => "");
  const ours = new Set(text.split("\n"));
  for (const path of names.filter((name) => !ours.has(name)).map((name) => join(dir, name))) {
    const isEmpty = await Array.fromAsync(Deno.readDir(path)).then(
      ({ length }) => length === 0,
      async () => !await exists(path),
    );
    if (!isEmpty) return path;
  }
  return undefined;
}

/** An empty directory for the artifacts of a build, which the next one may empty again. */
export async function freshArtifactsDir(outDir: string, name: string): Promise<string> {
  const target = join(outDir, name);
  await removeAll(target);
  await Deno.mkdir(target, { recursive: true });
  // One write, since builds of several platforms do it at the same time.
  await Deno.writeTextFile(join(outDir, OURS), `${name}\n`, { append: true });
  return target;
}
