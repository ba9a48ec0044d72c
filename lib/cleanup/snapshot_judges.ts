import type { Recipe } from "../store/recipe.ts";
import { HostError, TaskError } from "../base/errors.ts";
import type { Platform } from "../config/platform.ts";
import type { SnapshotManifest } from "../vm/snapshots.ts";
import { findPublicKeys, type Keys } from "../host/keys.ts";
import { ARCH, type Arch, MICRO_ARCHS } from "../config/archs.ts";
import { type Variant, VARIANTS } from "../config/parts.ts";
import type { Image } from "../image/platform/platform_image.ts";
import { currentVersion } from "../image/platform/current.ts";
import { pinMachine, type QemuProgram, qemuProgram } from "../qemu/program.ts";
import { findMicroFiles } from "../micro/micro_files.ts";
import { microName, microShape } from "../micro/micro_guest.ts";
import { KERNEL_CHOICES, microMachine } from "../micro/micro_machine.ts";
import { buildShape } from "../vm/build_machine.ts";
import { outdatedInputs, recordedAccelerator, type SnapshotShape } from "../vm/snapshot_recipe.ts";

/** Why no guest can start from a snapshot any longer: a line for each input that differs. */
export type SnapshotJudge = (recorded: Recipe, manifest: SnapshotManifest) => Promise<string[]>;

/** What a new snapshot of a platform would be made of now, as far as that can be told. */
export interface PresentHost {
  readonly platform: Platform;
  readonly image: Pick<Image, "digest" | "dir"> | undefined;
  readonly qemu: QemuProgram | undefined;
  readonly keys: Pick<Keys, "hostPublic" | "clientPublic"> | undefined;
}

/** What new snapshots of each platform would be made of. */
export async function presentHosts(
  { platforms, signal }: {
    readonly platforms: readonly Platform[];
    readonly signal: AbortSignal;
  },
): Promise<ReadonlyMap<string, PresentHost>> {
  const keys = await findPublicKeys();
  const entries = platforms.map(async (platform) => {
    const image = (await currentVersion(platform.name))?.version;
    const qemu = await findQemu(ARCH[platform.arch].qemu.system, signal);
    return [platform.name, { platform, image, qemu, keys }] as const;
  });
  return new Map(await Promise.all(entries));
}

/** The judge of a platform's or variant's snapshots; `undefined` for an unknown name. */
export function snapshotJudge(
  name: string,
  { present, signal }: {
    readonly present: ReadonlyMap<string, PresentHost>;
    readonly signal: AbortSignal;
  },
): SnapshotJudge | undefined {
  const host = present.get(name);
  if (host !== undefined) return (recipe, manifest) => judgeBuild(host, recipe, manifest);
  const micros = VARIANTS.flatMap((variant) => MICRO_ARCHS.map((arch) => ({ variant, arch })));
  const micro = micros.find((one) => microName(one) === name);
  return micro && ((recipe, manifest) => judgeMicro({ ...micro, signal }, recipe, manifest));
}

/** Why no guest fits a snapshot, of any size and accelerator, as far as this host is known. */
async function judgeBuild(
  { platform, image, qemu, keys }: PresentHost,
  recorded: Recipe,
  { memoryMiB, cores }: Pick<SnapshotManifest, "memoryMiB" | "cores">,
): Promise<string[]> {
  const request = { platform, memoryMiB, cores, image: image ?? { digest: "", dir: "" } };
  const present = buildShape(request, {
    qemu: qemu ?? { sha256: "" },
    machine: qemu === undefined ? "" : pinMachine(platform.machine, qemu),
    accelerator: await recordedAccelerator(recorded) ?? "tcg",
    keys: keys ?? { hostPublic: "", clientPublic: "" },
  });
  const leftOut = [
    ...(image === undefined ? ["image", "image directory"] : []),
    ...(qemu === undefined ? ["QEMU", "machine", "devices"] : []),
    ...(keys === undefined ? ["keys"] : []),
  ];
  return await outdatedInputs(recorded, [present], leftOut) ?? [];
}

async function judgeMicro(
  { variant, arch, signal }: {
    readonly variant: Variant;
    readonly arch: Arch;
    readonly signal: AbortSignal;
  },
  recorded: Recipe,
  { memoryMiB, cores }: SnapshotManifest,
): Promise<string[]> {
  const qemu = await findQemu(ARCH[arch].qemu.system, signal);
  if (qemu === undefined) return [];
  const accelerator = await recordedAccelerator(recorded) ?? "tcg";
  const request = { variant, arch, memoryMiB, cores, network: "none" as const };
  const present: SnapshotShape[] = [];
  for (const kernelChoice of KERNEL_CHOICES) {
    const files = await findMicroFiles(variant, arch, kernelChoice).catch(missing);
    if (files === undefined) continue;
    const machine = pinMachine(microMachine({ arch, kernelChoice }), qemu);
    present.push(microShape(request, { files, qemu, machine, accelerator }));
  }
  // Of the devices, the network is chosen; the accelerator is, too.
  const leftOut = ["devices", "accelerator", "processor"];
  return await outdatedInputs(recorded, present, leftOut) ??
    ["the parts that it is made of are gone"];
}

function missing(error: unknown): undefined {
  if (!(error instanceof HostError)) throw error;
}

/** A host without it, or with one that does not run, says nothing about what was made by it. */
async function findQemu(binary: string, signal: AbortSignal): Promise<QemuProgram | undefined> {
  try {
    return await qemuProgram(binary, signal);
  } catch (error) {
    if (error instanceof TaskError) return undefined;
    throw error;
  }
}
