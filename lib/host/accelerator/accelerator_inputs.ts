import type { RecipeInput } from "../../store/recipe.ts";
import type { Accelerator } from "./accelerator.ts";
import { hostIdentity } from "../facts.ts";

/** What runs a guest's code, as inputs of a snapshot's recipe. */
export async function acceleratorInputs(accelerator: Accelerator): Promise<RecipeInput[]> {
  const input = { name: "accelerator", value: accelerator };
  if (accelerator === "tcg") return [input];
  // A hypervisor's guest has seen the host's own processor.
  return [input, { name: "processor", value: (await hostIdentity()).cpuModel ?? "" }];
}
