import { type Arch, hasElfKernel } from "./archs.ts";

/** A part of a guest: a program, a kernel, an initramfs or a disk. */
export interface Part {
  readonly name: PartName;
  /** The task that builds it alone. */
  readonly task: string;
  readonly summary: string;
  /** Files in `images/dist`, the first with the sidecar; `{arch}` stands for the architecture. */
  readonly outputs: readonly { readonly file: string; readonly kind?: "ELF kernel" }[];
  /** The parts that it embeds. */
  readonly needs: readonly PartName[];
}

export type PartName =
  | "guest-agent"
  | "tiny-init"
  | "kernel"
  | "micro-kernel"
  | "initramfs"
  | "micro-initramfs"
  | Variant;

export const VARIANTS = ["raw", "python", "node"] as const;

/** What a root file system is for. */
export type Variant = typeof VARIANTS[number];

export const isVariant = (text: string): text is Variant =>
  VARIANTS.some((variant) => variant === text);

/** How a root is stored: one that can be written to, or a smaller one that cannot. */
export type FileSystem = "ext4" | "erofs";

const CONTENTS = { raw: "a shell", python: "Python", node: "Node.js" } as const;

/** The parts of microVMs, and which embeds which: `build-images` and docs/image-parts.md use it. */
export const PARTS: readonly Part[] = [
  {
    name: "guest-agent",
    task: "build-guest-agent",
    summary: "PID 1 of the root: runs commands for the host",
    outputs: [{ file: "guest-agent-linux-{arch}" }],
    needs: [],
  },
  {
    name: "tiny-init",
    task: "build-tiny-init",
    summary: "PID 1 of the initramfs: finds and mounts the root",
    outputs: [{ file: "tiny-init-{arch}" }],
    needs: [],
  },
  {
    name: "kernel",
    task: "extract-kernel",
    summary: "the distribution's kernel, and the modules that its guests load",
    outputs: [
      { file: "vmlinuz-{arch}" },
      { file: "modules-{arch}.cpio" },
      { file: "vmlinux-{arch}", kind: "ELF kernel" },
    ],
    needs: [],
  },
  {
    name: "micro-kernel",
    task: "build-kernel",
    summary: "a kernel of our own without modules, for microVMs",
    outputs: [
      { file: "vmlinuz-micro-{arch}" },
      { file: "vmlinux-micro-{arch}", kind: "ELF kernel" },
    ],
    needs: [],
  },
  {
    name: "initramfs",
    task: "build-initramfs",
    summary: "for the distribution's kernel",
    outputs: [{ file: "initramfs-{arch}" }],
    needs: ["tiny-init", "kernel"],
  },
  {
    name: "micro-initramfs",
    task: "build-initramfs",
    summary: "for the kernel of our own",
    outputs: [{ file: "initramfs-micro-{arch}" }],
    needs: ["tiny-init"],
  },
  ...VARIANTS.map((name): Part => ({
    name,
    task: "build-qcow2",
    summary: `a root file system with ${CONTENTS[name]}`,
    outputs: [{ file: `${name}-base-{arch}.qcow2` }],
    needs: ["guest-agent"],
  })),
];

/** The names of a part's files for an architecture, the first one with the sidecar. */
export function outputNames({ outputs }: Part, arch: Arch): string[] {
  return outputs
    .filter(({ kind }) => kind === undefined || hasElfKernel(arch))
    .map(({ file }) => file.replaceAll("{arch}", arch));
}

/** Orders parts after what they embed, and adds that. Throws `RangeError` for unknown ones. */
export function buildOrder(
  all: readonly Part[],
  wanted: readonly PartName[],
): readonly Part[] {
  const order: Part[] = [];
  const visit = (name: PartName, above: readonly PartName[]) => {
    if (above.includes(name)) throw new RangeError(`"${name}" embeds itself`);
    const part = all.find((one) => one.name === name);
    if (part === undefined) throw new RangeError(`there is no part "${name}"`);
    if (order.includes(part)) return;
    for (const need of part.needs) visit(need, [...above, name]);
    order.push(part);
  };
  for (const name of wanted) visit(name, []);
  return order;
}
