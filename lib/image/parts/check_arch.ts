import { WorkError } from "../../base/errors.ts";
import { type ElfHeader, readElfHeader } from "../format/elf.ts";
import { ARCH, type Arch } from "../../config/archs.ts";

/**
 * Checks a program's architecture by its ELF header; in an image a wrong one ends in a kernel panic
 * (`execv` errno 8, exitcode=0x00006500). Throws {@link WorkError}.
 */
export function checkArch(bytes: Uint8Array, arch: Arch, what: string): void {
  const header = readElfHeader(bytes);
  if (header !== undefined && isFor(header, arch)) return;
  const kind = [
    ...header?.bits === 32 ? ["32 bits"] : [],
    ...header?.byteOrder === "big" ? ["big-endian"] : [],
  ].join(", ");
  const found = header === undefined
    ? "no ELF file at all"
    : `for ${header.arch}${kind === "" ? "" : ` (${kind})`}`;
  throw new WorkError(`Cannot use ${what}: it is ${found}, and ${arch} is needed`, {
    next: `deno task build-images ${arch} --force`,
  });
}

/** Whether a program is for an architecture. */
export function isFor({ machine, bits, byteOrder }: ElfHeader, arch: Arch): boolean {
  const { elf } = ARCH[arch];
  return elf.machine === machine && elf.bits === bits && elf.byteOrder === byteOrder;
}
