import { join } from "@std/path";
import type { RecipeInput } from "../cache/recipe.ts";
import { root } from "../host/paths.ts";

/** A file of the checkout as an input of a recipe, under its path. */
export const sourceInput = (path: string): RecipeInput => ({ name: path, file: join(root, path) });

/** Modules of `lib/image` that decide what is built. */
export const moduleInputs = (...names: string[]): RecipeInput[] =>
  names.map((name) => sourceInput(`lib/image/${name}.ts`));
