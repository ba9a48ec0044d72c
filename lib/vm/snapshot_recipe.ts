import { systemOf } from "../image/platform/systems.ts";
import { type Recipe, recipeKey } from "../store/recipe.ts";
import { explainMiss } from "../store/sidecar.ts";
import type { Platform } from "../config/platform.ts";
import type { SnapshotManifest } from "./snapshots.ts";
import type { Accelerator } from "../host/accelerator/accelerator.ts";
import type { Keys } from "../host/keys.ts";
import type { Image } from "../image/platform/platform_image.ts";
import { pinMachine, type QemuProgram } from "../qemu/program.ts";
import { acceleratorInputs } from "../host/accelerator/accelerator_inputs.ts";
import { deviceArgs, kernelCommandLine, type Size } from "./build_machine.ts";

/** The guest that a snapshot is of. */
export interface SnapshotRequest extends Size {
  readonly platform: Platform;
  readonly image: Pick<Image, "digest" | "dir">;
  readonly append?: readonly string[] | undefined;
}

/** The host that a snapshot is for. */
export interface SnapshotHost {
  readonly qemu: Pick<QemuProgram, "sha256">;
  readonly machine: string;
  readonly accelerator: Accelerator;
  readonly keys: Pick<Keys, "hostPublic" | "clientPublic">;
}

/**
 * The key of a snapshot: everything that shaped the state. What differs between guests of one
 * snapshot (paths of their files, ports) is not in it.
 */
export async function snapshotRecipe(
  { platform, image, memoryMiB, cores, append }: SnapshotRequest,
  { qemu, machine, accelerator, keys }: SnapshotHost,
): Promise<Recipe> {
  const devices = deviceArgs({ disk: "/overlay", sshPort: 0, portSocket: "/port" });
  return await recipeKey([
    { name: "format", value: 1 },
    // What is in it, not what it was made by: the memory remembers blocks of this very disk.
    { name: "image", value: image.digest },
    // The frozen overlay names its backing file by path.
    { name: "image folder", value: image.dir },
    { name: "QEMU", value: qemu.sha256 },
    { name: "machine", value: machine },
    { name: "CPU", value: platform.cpu[accelerator] },
    ...await acceleratorInputs(accelerator),
    { name: "memory", value: memoryMiB },
    { name: "cores", value: cores },
    { name: "command line", value: kernelCommandLine(platform, append) },
    { name: "devices", value: devices },
    { name: "keys", value: [keys.hostPublic, keys.clientPublic] },
    ...systemOf(platform).seeds.inputs,
  ]);
}

/** What a new snapshot of a platform would be made of now, as far as that can be told. */
export interface PresentHost {
  readonly platform: Platform;
  readonly image: Pick<Image, "digest" | "dir"> | undefined;
  readonly qemu: QemuProgram | undefined;
  readonly keys: SnapshotHost["keys"] | undefined;
}

/** Whoever starts a guest chooses these, so a snapshot with other ones may be wanted again. */
const CHOSEN = ["memory", "cores", "command line"];

/**
 * Why no guest of the present host and checkout can come from a snapshot, whatever its size: one
 * line for each input that differs. What is not known of the host is left out. An accelerator is as
 * good as any other, since each can be asked for.
 */
export async function outdatedInputs(
  recorded: Recipe,
  { memoryMiB, cores }: Pick<SnapshotManifest, "memoryMiB" | "cores">,
  { platform, image, qemu, keys }: PresentHost,
): Promise<string[]> {
  const present = await snapshotRecipe(
    { platform, memoryMiB, cores, image: image ?? { digest: "", dir: "" } },
    {
      qemu: qemu ?? { sha256: "" },
      machine: qemu === undefined ? "" : pinMachine(platform.machine, qemu),
      accelerator: await recordedAccelerator(recorded) ?? "tcg",
      keys: keys ?? { hostPublic: "", clientPublic: "" },
    },
  );
  const left = new Set([
    ...CHOSEN,
    ...(image === undefined ? ["image", "image folder"] : []),
    ...(qemu === undefined ? ["QEMU", "machine", "devices"] : []),
    ...(keys === undefined ? ["keys"] : []),
  ]);
  const without = ({ key, inputs }: Recipe): Recipe => ({
    key,
    inputs: inputs.filter(({ name }) => !left.has(name)),
  });
  return explainMiss({ kind: "recipe", recipe: without(recorded) }, without(present));
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
