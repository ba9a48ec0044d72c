import { PARTS } from "../../config/parts.ts";
import type { BuildOptions } from "../../store/ensure_built.ts";
import type { Arch } from "../../config/archs.ts";
import { buildOrder, type Part, type PartName } from "../../config/parts.ts";
import type { FileSystem } from "../../config/parts.ts";
import { partRecipe } from "./recipes.ts";
import { partFiles } from "./part_names.ts";
import { ensurePart, partState } from "./part_store.ts";

interface BuildPartsOptions {
  readonly parts: readonly PartName[];
  readonly archs: readonly Arch[];
  readonly fs?: FileSystem | undefined;
  /** Build the named parts even if nothing has changed. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** Runs a part's build with places to report to; called once it begins. */
  reporting<T>(
    title: string,
    build: (reporter: Omit<BuildOptions, "signal">) => Promise<T>,
  ): Promise<T>;
  /** Called as a part is done. */
  onDone(result: PartResult): void;
}

export interface PartResult {
  /** `NAME ARCH`. */
  readonly title: string;
  readonly name: PartName;
  readonly arch: Arch;
  readonly built: boolean;
  readonly reasons: readonly string[];
  readonly files: readonly string[];
  readonly seconds: number;
}

/** What a part is called in tables and messages. */
const partTitle = (name: PartName, arch: Arch): string => `${name} ${arch}`;

/** The titles of parts and of what they embed, in the order in which they are built. */
export function partTitles(parts: readonly PartName[], archs: readonly Arch[]): string[] {
  const order = buildOrder(PARTS, parts);
  return archs.flatMap((arch) => order.map(({ name }) => partTitle(name, arch)));
}

/**
 * Builds parts in parallel as their inputs are ready; the first error is thrown after the rest
 * ends.
 */
export async function buildParts(options: BuildPartsOptions): Promise<PartResult[]> {
  const order = buildOrder(PARTS, options.parts);
  const results = new Map<string, Promise<PartResult>>();
  for (const arch of options.archs) {
    for (const part of order) {
      const needs = part.needs.map((need) => results.get(partTitle(need, arch)));
      const result = Promise.all(needs).then(() => buildOne(part, arch, options));
      result.catch(() => {});
      results.set(partTitle(part.name, arch), result);
    }
  }
  const settled = await Promise.allSettled(results.values());
  options.signal.throwIfAborted();
  const failed = settled.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return settled.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
}

async function buildOne(
  { name }: Part,
  arch: Arch,
  { parts, fs, force, signal, reporting, onDone }: BuildPartsOptions,
): Promise<PartResult> {
  signal.throwIfAborted();
  const title = partTitle(name, arch);
  const started = performance.now();
  const recipe = await partRecipe({ name, arch, fs }, signal);
  const state = await partState(recipe);
  const forced = force && parts.includes(name);
  const outcome = state.fresh && !forced ? { built: false, reasons: [] } : await reporting(
    title,
    (reporter) => ensurePart(recipe, { ...reporter, signal, force: forced }),
  );
  const result = {
    ...{ title, name, arch, ...outcome, files: recipe.outputs },
    seconds: (performance.now() - started) / 1000,
  };
  onDone(result);
  return result;
}

/** Where each part stands, in the order in which they would be built. */
export async function explainParts(
  { parts, archs, fs, signal }: Pick<BuildPartsOptions, "parts" | "archs" | "fs" | "signal">,
): Promise<{ title: string; fresh: boolean; reasons: readonly string[]; files: string[] }[]> {
  const order = buildOrder(PARTS, parts);
  return await Promise.all(archs.flatMap((arch) =>
    order.map(async ({ name }) => {
      const { fresh, reasons } = await partState(await partRecipe({ name, arch, fs }, signal));
      const files = partFiles({ name, arch, fs });
      return { title: partTitle(name, arch), fresh, reasons, files };
    })
  ));
}
