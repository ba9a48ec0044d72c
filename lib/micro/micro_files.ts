import { basename } from "@std/path";
import { GuestError, HostError } from "../base/errors.ts";
import { type Arch, ARCHS, MICRO_ARCHS, microRow } from "../config/archs.ts";
import { readElfHeader } from "../image/format/elf.ts";
import type { Variant } from "../config/parts.ts";
import { isFor } from "../image/parts/check_arch.ts";
import { partFiles } from "../image/parts/part_names.ts";
import { partDigest, partPath } from "../image/parts/part_store.ts";
import type { KernelChoice } from "./micro_machine.ts";

export interface MicroFiles {
  readonly kernelChoice: KernelChoice;
  readonly kernel: string;
  readonly initramfs: string;
  readonly disk: string;
  /** The disk's name among the parts. */
  readonly diskName: string;
  /** SHA-256 of each. */
  readonly digests: { readonly kernel: string; readonly initramfs: string; readonly disk: string };
}

/**
 * Finds intact parts of a microVM, by default with our own kernel if it is built. Throws {@link
 * HostError} with the command that builds what is missing.
 */
export async function findMicroFiles(
  variant: Variant,
  arch: Arch,
  wanted?: KernelChoice,
): Promise<MicroFiles> {
  const name = (part: Parameters<typeof partFiles>[0]["name"]) => partFiles({ name: part, arch });
  const kernelChoice = wanted ?? (await isThere(name("micro-kernel")) ? "micro" : "distribution");
  const own = kernelChoice === "micro";
  const kernels = name(own ? "micro-kernel" : "kernel");
  const [initramfs = ""] = name(own ? "micro-initramfs" : "initramfs");
  const [disk = ""] = name(variant);
  // The ELF kernel, where there is one, starts without unpacking itself; QEMU starts it on a
  // microvm only.
  const kernel = (own ? kernels[1] : undefined) ?? kernels[0] ?? "";
  const found = await Promise.all([kernel, initramfs, disk].map(partDigest));
  // Building everything would compile a kernel, which takes minutes; one part is quickly built.
  const advice = [
    `${own ? "build-kernel" : "extract-kernel"} ${arch}`,
    `build-initramfs ${arch}`,
    `build-qcow2 ${variant} ${arch}`,
  ].filter((_, index) => found[index] === undefined);
  const lost = [kernel, initramfs, disk].find((_, index) => found[index] === undefined);
  if (lost !== undefined) {
    throw new HostError(`Cannot start guest "${variant}": ${lost} is missing or was changed`, {
      next: `deno task ${advice.length === 1 ? advice[0] : `build-images ${arch}`} --yes`,
    });
  }
  const [kernelDigest = "", initramfsDigest = "", diskDigest = ""] = found;
  const digests = { kernel: kernelDigest, initramfs: initramfsDigest, disk: diskDigest };
  await checkKernel(partPath(kernel), arch, variant);
  return {
    kernelChoice,
    kernel: partPath(kernel),
    initramfs: partPath(initramfs),
    disk: partPath(disk),
    diskName: disk,
    digests,
  };
}

/** Fails if a file is another one than that whose digest is in the name of the snapshot. */
export async function checkFiles(
  files: MicroFiles,
  which: readonly (keyof MicroFiles["digests"])[],
  what: string,
): Promise<void> {
  for (const kind of which) {
    if (await partDigest(basename(files[kind])) === files.digests[kind]) continue;
    throw new GuestError(`${what}: its ${kind} is being replaced`);
  }
}

async function isThere(files: readonly string[]): Promise<boolean> {
  const digests = await Promise.all(files.map(partDigest));
  return digests.every((digest) => digest !== undefined);
}

/** Reads a kernel's architecture; on another machine it would only stay silent. */
async function checkKernel(path: string, arch: Arch, name: string): Promise<void> {
  using file = await Deno.open(path, { read: true });
  const head = new Uint8Array(1024);
  await file.read(head);
  const found = kernelArch(head);
  if (found === arch) return;
  throw new HostError(
    `Cannot start guest "${name}": the kernel is for ${found}, and ${arch} is needed`,
    { details: [`kernel: ${path}`], next: `deno task build-images ${arch} --force` },
  );
}

/** The architecture that the first KiB of a kernel names. */
export function kernelArch(head: Uint8Array): string {
  const elf = readElfHeader(head);
  if (elf !== undefined) return ARCHS.find((arch) => isFor(elf, arch)) ?? elf.arch;
  const found = MICRO_ARCHS.find((arch) => {
    const { text, at } = microRow(arch).kernel.magic;
    return new TextDecoder().decode(head.subarray(at, at + text.length)) === text;
  });
  return found ?? "no machine that is known";
}
