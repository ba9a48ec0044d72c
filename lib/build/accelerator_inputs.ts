import type { RecipeInput } from "../cache/recipe.ts";
import type { Accelerator } from "../host/accelerator.ts";
import { hostIdentity } from "../host/facts.ts";

/** What runs a guest's code, as inputs of a snapshot's recipe. */
export async function acceleratorInputs(accelerator: Accelerator): Promise<RecipeInput[]> {
  const input = { name: "accelerator", value: accelerator };
  if (accelerator === "tcg") return [input];
  // A hypervisor's guest has seen the host's own processor.
  return [input, { name: "processor", value: (await hostIdentity()).cpuModel ?? "" }];
}
