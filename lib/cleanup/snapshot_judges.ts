import type { Recipe } from "../store/recipe.ts";
import { HostError, TaskError } from "../base/errors.ts";
import type { Platform } from "../config/platform.ts";
import type { SnapshotManifest } from "../vm/snapshots.ts";
import { findPublicKeys } from "../host/keys.ts";
import { ARCH, type Arch, ARCHS } from "../config/archs.ts";
import { type Variant, VARIANTS } from "../config/parts.ts";
import { currentVersion } from "../image/platform/current.ts";
import { pinMachine, type QemuProgram, qemuProgram } from "../qemu/program.ts";
import { findMicroFiles } from "../vm/micro_files.ts";
import { microName } from "../vm/micro_launch.ts";
import { KERNEL_CHOICES, microMachine } from "../vm/micro_machine.ts";
import { type MicroSnapshotHost, outdatedMicroInputs } from "../vm/micro_recipe.ts";
import { outdatedInputs, type PresentHost, recordedAccelerator } from "../vm/snapshot_recipe.ts";

/** Says why no guest can come from a snapshot any more: a line for each input that differs. */
export type SnapshotJudge = (recorded: Recipe, manifest: SnapshotManifest) => Promise<string[]>;

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

/** The judge of the snapshots of a platform or a variant; `undefined` if there is none by that name. */
export function snapshotJudge(
  name: string,
  { present, signal }: {
    readonly present: ReadonlyMap<string, PresentHost>;
    readonly signal: AbortSignal;
  },
): SnapshotJudge | undefined {
  const host = present.get(name);
  if (host !== undefined) return (recipe, manifest) => outdatedInputs(recipe, manifest, host);
  const micros = VARIANTS.flatMap((variant) => ARCHS.map((arch) => ({ variant, arch })));
  const micro = micros.find((one) => microName(one) === name);
  return micro && ((recipe, manifest) => judgeMicro({ ...micro, signal }, recipe, manifest));
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
  const hosts: MicroSnapshotHost[] = [];
  for (const kernelChoice of KERNEL_CHOICES) {
    const files = await findMicroFiles(variant, arch, kernelChoice).catch(missing);
    if (files === undefined) continue;
    const machine = pinMachine(microMachine({ arch, kernelChoice }), qemu);
    hosts.push({ files, qemu, machine, accelerator });
  }
  const request = { variant, arch, memoryMiB, cores, network: "none" as const };
  return await outdatedMicroInputs(recorded, request, hosts);
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
