import type { RecipeInput } from "../../store/recipe.ts";
import { partDigest } from "./part_files.ts";

/**
 * A part that another one embeds, as an input of that one's recipe: what it holds, not how it was
 * made. So a part that is built again to the same bytes forces nothing.
 */
export async function embedded(name: string, file: string): Promise<RecipeInput> {
  return { name, value: await partDigest(file) ?? "not built" };
}
