import { type Recipe, type RecipeInput, recipeKey } from "../store/recipe.ts";
import { explainMiss } from "../store/sidecar.ts";
import type { Accelerator } from "../host/accelerator/accelerator.ts";
import { acceleratorInputs } from "../host/accelerator/accelerator_inputs.ts";
import type { QemuProgram } from "../qemu/program.ts";
import type { Machine } from "./machine.ts";

/** Everything that shapes the state of a guest. */
export interface SnapshotShape extends Machine {
  readonly host: Machine["host"] & { readonly qemu: Pick<QemuProgram, "sha256"> };
  /** The words of the kernel's command line. */
  readonly words: readonly string[];
  /** Its image or parts, and what else is in it. */
  readonly inputs: readonly RecipeInput[];
}

/** The key of a snapshot: everything that shaped the state, but not file paths or ports. */
export async function snapshotRecipe(shape: SnapshotShape): Promise<Recipe> {
  const { host, cpu, memoryMiB, cores, words, inputs } = shape;
  return await recipeKey([
    { name: "format", value: 1 },
    ...inputs,
    { name: "QEMU", value: host.qemu.sha256 },
    { name: "machine", value: host.machine },
    { name: "CPU", value: cpu },
    ...await acceleratorInputs(host.accelerator),
    { name: "memory", value: memoryMiB },
    { name: "cores", value: cores },
    { name: "command line", value: words },
    { name: "devices", value: shape.devices({ disk: "/overlay", socketDir: "/" }) },
  ]);
}

/** These are chosen at each start, so a snapshot with other values may be wanted again. */
const CHOSEN = ["memory", "cores", "command line", "certificates"];

/**
 * Why no guest that could be started now fits a snapshot: a line for each input that differs from
 * the nearest of these guests. `undefined` if one fits.
 */
export async function outdatedInputs(
  recorded: Recipe,
  present: readonly SnapshotShape[],
  leftOut: readonly string[],
): Promise<string[] | undefined> {
  const left = new Set([...CHOSEN, ...leftOut]);
  const without = ({ key, inputs }: Recipe): Recipe => ({
    key,
    inputs: inputs.filter(({ name }) => !left.has(name)),
  });
  const recipes = await Promise.all(present.map(snapshotRecipe));
  const recipe = without(recorded);
  const reasons = recipes.map((own) => explainMiss({ kind: "recipe", recipe }, without(own)));
  return reasons.sort((a, b) => a.length - b.length)[0];
}

const ACCELERATORS: readonly Accelerator[] = ["kvm", "hvf", "tcg"];

/** The accelerator of a snapshot: its recipe has only the digest. */
export async function recordedAccelerator({ inputs }: Recipe): Promise<Accelerator | undefined> {
  const recorded = inputs.find(({ name }) => name === "accelerator")?.digest;
  for (const accelerator of ACCELERATORS) {
    const { inputs: [own] } = await recipeKey([{ name: "accelerator", value: accelerator }]);
    if (own?.digest === recorded) return accelerator;
  }
  return undefined;
}
