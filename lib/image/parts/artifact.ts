import type { ElfArch } from "../elf.ts";

/** A part of a guest, as `configs/artifacts.ts` lists it. */
export interface Artifact {
  readonly name: ArtifactName;
  /** The task that builds it alone. */
  readonly task: string;
  readonly summary: string;
  /** Files in `images/dist`, the first one with the sidecar; `{arch}` stands for the architecture. */
  readonly outputs: readonly { readonly file: string; readonly only?: ElfArch }[];
  /** The parts that it embeds. */
  readonly needs: readonly ArtifactName[];
}

/** The names of all parts. */
export type ArtifactName =
  | "guest-agent"
  | "tiny-init"
  | "kernel"
  | "micro-kernel"
  | "initramfs"
  | "micro-initramfs"
  | Variant;

/** What a root file system is for. */
export type Variant = "raw" | "python" | "node";

/** Every variant. */
export const VARIANTS: readonly Variant[] = ["raw", "python", "node"];

/** How a root is stored: one that can be written to, or a smaller one that cannot. */
export type FileSystem = "ext4" | "erofs";

/** Every architecture that parts are built for. */
export const ARCHS: readonly ElfArch[] = ["x86_64", "aarch64"];

/** The names of a part's files for an architecture, the first one with the sidecar. */
export function outputNames({ outputs }: Artifact, arch: ElfArch): string[] {
  return outputs
    .filter(({ only }) => only === undefined || only === arch)
    .map(({ file }) => file.replaceAll("{arch}", arch));
}

/**
 * Orders parts so that each comes after what it embeds, and adds what is embedded. Throws
 * `RangeError` for a part that is not in the list, or that embeds itself.
 */
export function buildOrder(
  all: readonly Artifact[],
  wanted: readonly ArtifactName[],
): readonly Artifact[] {
  const order: Artifact[] = [];
  const visit = (name: ArtifactName, above: readonly ArtifactName[]) => {
    if (above.includes(name)) throw new RangeError(`"${name}" embeds itself`);
    const artifact = all.find((one) => one.name === name);
    if (artifact === undefined) throw new RangeError(`there is no part "${name}"`);
    if (order.includes(artifact)) return;
    for (const need of artifact.needs) visit(need, [...above, name]);
    order.push(artifact);
  };
  for (const name of wanted) visit(name, []);
  return order;
}
