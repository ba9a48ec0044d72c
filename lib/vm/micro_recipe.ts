import { type Recipe, recipeKey } from "../store/recipe.ts";
import { explainMiss } from "../store/sidecar.ts";
import type { Variant } from "../config/parts.ts";
import { acceleratorInputs } from "../host/accelerator/accelerator_inputs.ts";
import type { MicroHost, MicroRequest } from "./micro_launch.ts";
import { microCpu, microDevices, microWords } from "./micro_machine.ts";

/**
 * What a microVM has run when it is saved, so that what every start needs lies in its memory:
 * reading it from the disk costs more than all the rest.
 */
export const WARM_UP: Readonly<Record<Variant, readonly (readonly string[])[]>> = {
  raw: [["true"], ["sh", "-c", "ls /proc/self; cat /dev/null"]],
  python: [["true"], ["sh", "-c", ":"], ["python3", "-c", "import json, os, subprocess, sys"]],
  node: [["true"], ["sh", "-c", ":"], ["node", "-e", "require('node:fs')"]],
};

/** The machine that a snapshot is of. */
export type MicroSnapshotRequest = Pick<
  MicroRequest,
  "variant" | "arch" | "memoryMiB" | "cores" | "network" | "append"
>;

/** The host that a snapshot is for. */
export type MicroSnapshotHost = Pick<MicroHost, "files" | "machine" | "accelerator"> & {
  readonly qemu: Pick<MicroHost["qemu"], "sha256">;
};

/** The key of a microVM's snapshot: everything that shaped the state. */
export async function microRecipe(
  request: MicroSnapshotRequest,
  { files, qemu, machine, accelerator }: MicroSnapshotHost,
): Promise<Recipe> {
  const { variant, arch, memoryMiB, cores } = request;
  const { kernelChoice, digests } = files;
  const sockets = { agent: "/agent", events: "/events", network: "/network" };
  const shape = { ...request, ...files, accelerator, sockets, disk: "/overlay" };
  return await recipeKey([
    { name: "format", value: 1 },
    { name: "kernel", value: [kernelChoice, digests.kernel] },
    { name: "initramfs", value: digests.initramfs },
    { name: "disk", value: digests.disk },
    // The frozen overlay names its backing file by path.
    { name: "disk's path", value: files.disk },
    { name: "QEMU", value: qemu.sha256 },
    { name: "machine", value: machine },
    { name: "CPU", value: microCpu({ arch, accelerator }) },
    ...await acceleratorInputs(accelerator),
    { name: "memory", value: memoryMiB },
    { name: "cores", value: cores },
    { name: "command line", value: microWords(shape) },
    { name: "devices", value: microDevices(shape) },
    { name: "warm-up", value: WARM_UP[variant] },
  ]);
}

/** Whoever starts a microVM chooses these, so a snapshot with other ones may be wanted again. */
const CHOSEN = new Set(["memory", "cores", "command line", "devices", "accelerator", "processor"]);

/**
 * Why no microVM of the present host and parts can come from a snapshot, whatever its size and
 * network: one line for each input that differs from the nearest of the present ones.
 */
export async function outdatedMicroInputs(
  recorded: Recipe,
  request: MicroSnapshotRequest,
  hosts: readonly MicroSnapshotHost[],
): Promise<string[]> {
  const without = ({ key, inputs }: Recipe): Recipe => ({
    key,
    inputs: inputs.filter(({ name }) => !CHOSEN.has(name)),
  });
  let nearest: string[] | undefined;
  for (const host of hosts) {
    const present = await microRecipe(request, host);
    const reasons = explainMiss({ kind: "recipe", recipe: without(recorded) }, without(present));
    if (nearest === undefined || reasons.length < nearest.length) nearest = reasons;
  }
  return nearest ?? ["the parts that it is made of are gone"];
}
