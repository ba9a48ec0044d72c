import { join } from "@std/path";
import type { RecipeInput } from "../cache/recipe.ts";
import { root } from "../host/paths.ts";

/** A file of the checkout as an input of a recipe, under its path. */
export const sourceInput = (path: string): RecipeInput => ({ name: path, file: join(root, path) });

/** Modules of `lib/image` that decide what is built. */
export const moduleInputs = (...names: string[]): RecipeInput[] =>
  names.map((name) => sourceInput(`lib/image/${name}.ts`));

/** The programs of ours that run in guests; each is a crate in `images/`. */
export type Crate = "guest-agent" | "tiny-init";

/** All of a crate that decides what its program is. */
export const crateInput = (crate: Crate): RecipeInput => ({
  name: crate,
  dir: join(root, "images", crate),
  skip: (path) => path === "target" || path.startsWith("tests"),
});
