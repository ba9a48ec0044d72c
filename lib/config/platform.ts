import { join, toFileUrl } from "@std/path";
import { didYouMean } from "../cli/suggest.ts";
import { UsageError } from "../base/errors.ts";
import { countFaults, foundWanted } from "./faults.ts";
import { platformNames } from "./platform_names.ts";
import { definePlatform, type Platform, type PlatformInput } from "./platform_schema.ts";
import { showPath } from "./show_path.ts";

export { definePlatform, platformNames };
export type {
  ImageKind,
  ImageRecipe,
  Platform,
  PlatformInput,
  PlatformOf,
} from "./platform_schema.ts";

/**
 * Loads a directory's platforms, sorted. Throws {@link UsageError} with the faults of all files.
 */
export async function loadPlatforms(dir: string): Promise<Platform[]> {
  const names = await platformNames(dir);
  const outcomes = await Promise.all(names.map((name) => importPlatform(dir, name)));
  const faults = outcomes.flatMap(({ file, faults }) => faults.map((fault) => `${file}: ${fault}`));
  if (faults.length > 0) {
    throw new UsageError(`Cannot load the platforms: ${countFaults(faults)}`, {
      details: faults,
      next: "edit the files named above",
    });
  }
  return outcomes.flatMap(({ platform }) => platform ?? []);
}

/** Whether `setup-images` without names sets a platform up on this host. */
export const isCommon = ({ arch, setUp }: Platform): boolean =>
  setUp === "always" || (setUp === "on its own architecture" && arch === Deno.build.arch);

/** Loads one platform. Throws {@link UsageError} for an unknown name, or with the file's faults. */
export async function loadPlatform(dir: string, name: string): Promise<Platform> {
  const names = await platformNames(dir);
  if (!names.includes(name)) {
    const hint = didYouMean(name, names);
    throw new UsageError(
      `Cannot find platform ${JSON.stringify(name)}: there is no such platform${hint}`,
      {
        details: [`known: ${names.length === 0 ? "none" : names.join(", ")}`],
        next: `name one of these, or add a file to ${showPath(dir)}`,
      },
    );
  }
  const { platform, file, faults } = await importPlatform(dir, name);
  if (platform !== undefined) return platform;
  throw new UsageError(`Cannot load platform ${JSON.stringify(name)}: ${countFaults(faults)}`, {
    details: faults.map((fault) => `${file}: ${fault}`),
    next: `edit ${file}`,
  });
}

/** Deno shows a syntax error with an excerpt; the first and last line are enough. */
function oneLine(message: string): string {
  const lines = message.split("\n").map((line) => line.trim());
  return lines.length === 1 ? message : `${lines[0]} ${lines.at(-1)}`;
}

interface Outcome {
  readonly file: string;
  readonly platform?: Platform;
  readonly faults: readonly string[];
}

async function importPlatform(dir: string, name: string): Promise<Outcome> {
  const path = join(dir, `${name.replaceAll("-", "_")}.ts`);
  const file = showPath(path);
  const fail = (...faults: string[]): Outcome => ({ file, faults });
  try {
    const loaded: { default?: PlatformInput } = await import(toFileUrl(path).href);
    if (loaded.default === undefined) {
      return fail(
        `default export: ${foundWanted(undefined, "definePlatform({...})")}; ` +
          "a part that platforms share has a name that starts with _",
      );
    }
    const platform = definePlatform(loaded.default);
    if (platform.name === name) return { file, platform, faults: [] };
    const wanted = `${JSON.stringify(name)}, as the file is named`;
    return fail(`name: ${foundWanted(platform.name, wanted)}`);
  } catch (error) {
    // definePlatform() throws while the file is loaded, too.
    return fail(...error instanceof UsageError ? error.details : [oneLine(String(error))]);
  }
}
