import { type BuildOptions, ensureBuilt } from "../../store/ensure_built.ts";
import { type Move, publish } from "../../store/publish.ts";
import { type Recipe, type RecipeInput, recipeKey } from "../../store/recipe.ts";
import { explainMiss, readSidecar, writeSidecar } from "../../store/sidecar.ts";
import { WorkError } from "../../base/errors.ts";
import { explainFullDisk } from "../../base/files/full_disk.ts";
import { imagesDir } from "../../base/files/paths.ts";
import { digestNow, partDigest, partPath, prepareFile } from "./part_files.ts";
import { makeUnfinished } from "../../store/unfinished.ts";

export { partDigest, partPath };

/** How to make a part's files. */
export interface PartRecipe {
  /** `NAME ARCH`, for messages. */
  readonly title: string;
  /** Names of its files in `images/dist`, the first one with the sidecar. */
  readonly outputs: readonly string[];
  readonly inputs: readonly RecipeInput[];
  /** Files of other parts that it holds; what is in them is looked up whenever the key is made. */
  readonly embeds?: readonly { readonly name: string; readonly file: string }[];
  /** Writes the files into a directory, under their names. */
  build(dir: string, options: BuildOptions): Promise<void>;
}

/** Where a part stands. */
interface PartState {
  readonly fresh: boolean;
  /** Why it would be built, one line for each input that differs; empty when it is fresh. */
  readonly reasons: readonly string[];
  readonly recipe: Recipe;
}

const sidecarOf = (recipe: Pick<PartRecipe, "outputs">) => `${partPath(recipe.outputs[0]!)}.hash`;

/** An embedded part as an input of a recipe: by its digest, so equal bytes force nothing. */
export async function embedded(name: string, file: string): Promise<RecipeInput> {
  return { name, value: await partDigest(file) ?? "not built" };
}

/** The recipe as it is now, with what the embedded parts hold now. */
async function recipeNow({ inputs, embeds = [] }: PartRecipe): Promise<Recipe> {
  const more = await Promise.all(embeds.map(({ name, file }) => embedded(name, file)));
  return await recipeKey([...inputs, ...more]);
}

/**
 * Compares a part with what its recipe would make now. Files that were changed count as missing.
 */
export async function partState(part: PartRecipe): Promise<PartState> {
  return await compare(part, partDigest);
}

async function compare(
  part: PartRecipe,
  digestOf: (file: string) => Promise<string | undefined>,
): Promise<PartState> {
  const recipe = await recipeNow(part);
  const reasons = explainMiss(await readSidecar(sidecarOf(part)), recipe);
  for (const file of reasons.length === 0 ? part.outputs : []) {
    if (await digestOf(file) === undefined) reasons.push(`${file} is missing or was changed`);
  }
  return { fresh: reasons.length === 0, reasons, recipe };
}

/**
 * Ensures that a part matches its recipe. Safe to run twice at once and to interrupt: the sidecar
 * vouches only for complete files. Throws {@link WorkError} if its inputs keep changing.
 */
export async function ensurePart(
  part: PartRecipe,
  options: BuildOptions & { readonly force?: boolean },
): Promise<{ readonly built: boolean; readonly reasons: readonly string[] }> {
  const { built, reasons } = await ensureBuilt({
    ...{ kind: "part", of: part.outputs[0]!, title: part.title },
    look: (locked) => compare(part, locked ? digestNow : partDigest),
    build: ({ recipe }) => buildWhole(part, recipe, options),
  }, options);
  return { built, reasons };
}

/** How many times a part is built because an input was another one once the build had ended. */
const MOST_BUILDS = 2;

/** Builds until the recipe is the same before and after. */
async function buildWhole(
  part: PartRecipe,
  recipe: Recipe,
  options: BuildOptions,
): Promise<void> {
  await Deno.mkdir(imagesDir(), { recursive: true });
  let before = recipe;
  for (let builds = 1;; builds++) {
    const after = await buildOnce(part, before, options);
    if (after.key === before.key) return;
    const changed = explainMiss({ kind: "recipe", recipe: before }, after);
    if (builds === MOST_BUILDS) {
      throw new WorkError(`Cannot build ${part.title}: its recipe changed meanwhile`, {
        details: changed,
        next: "run the task again when nobody is editing or building these",
      });
    }
    changed.forEach((reason) => options.log(`building ${part.title} again: ${reason}`));
    before = after;
  }
}

/** Builds, and publishes if the recipe is still the same; returns it as it is after the build. */
async function buildOnce(
  part: PartRecipe,
  recipe: Recipe,
  options: BuildOptions,
): Promise<Recipe> {
  await using staging = await makeUnfinished("part", part.outputs[0] ?? "");
  const { dir } = staging;
  try {
    await part.build(dir, options);
    options.signal.throwIfAborted();
    const after = await recipeNow(part);
    if (after.key !== recipe.key) return after;
    const moves: Move[] = [];
    for (const file of part.outputs) moves.push(...await prepareFile(dir, file));
    await publish(moves, {
      withdraw: sidecarOf(part),
      vouch: () => writeSidecar(sidecarOf(part), recipe),
    });
    return after;
  } catch (error) {
    throw await explainFullDisk(error, `build ${part.title}`, { onHost: true });
  }
}
