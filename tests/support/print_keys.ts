// Prints the recipe key of every image, part and microVM's packages of the checkout that it lies in.
import { join } from "@std/path";
import { MICRO_ARCHS } from "../../lib/config/archs.ts";
import { PARTS, VARIANTS } from "../../lib/config/parts.ts";
import { loadPlatforms } from "../../lib/config/platform.ts";
import { recipeKey } from "../../lib/store/recipe.ts";
import { devImage } from "../../lib/dev/flavour/debian_image.ts";
import { platformsDir } from "../../lib/base/files/paths.ts";
import { imageRecipe, rootfsInputs } from "../../lib/image/platform/platform_image.ts";
import { partRecipe } from "../../lib/image/parts/recipes.ts";
import { variantRootfsInputs } from "../../lib/image/parts/variant.ts";

const keys: Record<string, string> = {};
for (const platform of [...await loadPlatforms(platformsDir), await devImage()]) {
  keys[platform.name] = (await imageRecipe(platform)).key;
  keys[join(platform.name, "packages")] = (await recipeKey(rootfsInputs(platform))).key;
}
for (const arch of MICRO_ARCHS) {
  for (const { name } of PARTS) {
    const { inputs } = await partRecipe({ name, arch }, new AbortController().signal);
    keys[join(name, arch)] = (await recipeKey(inputs)).key;
  }
  for (const variant of VARIANTS) {
    const inputs = variantRootfsInputs({ variant, arch });
    keys[join(variant, arch, "packages")] = (await recipeKey(inputs)).key;
  }
}
console.log(JSON.stringify(keys));
