/** Names by `e_machine` (ELF specification, "Machine" table), where need be for each class. */
const MACHINES: Readonly<Record<number, string | { readonly 32: string; readonly 64: string }>> = {
  3: "i386",
  20: "ppc",
  21: "ppc64",
  22: { 32: "s390", 64: "s390x" },
  40: "arm",
  62: "x86_64",
  183: "aarch64",
  243: { 32: "riscv32", 64: "riscv64" },
};

export interface ElfHeader {
  readonly machine: number;
  readonly bits: 32 | 64;
  readonly byteOrder: "little" | "big";
  /** The architecture's name, or `machine N`; the same in either byte order. */
  readonly arch: string;
}

/** Where the fields that say where sections are have their places, in bytes, by class. */
const LAYOUT = {
  32: { word: 4, table: 0x20, entrySize: 0x2e, offset: 0x10, size: 0x14 },
  64: { word: 8, table: 0x28, entrySize: 0x3a, offset: 0x18, size: 0x20 },
} as const;

/** Reads the header of an ELF file from its first 20 bytes or more; `undefined` if it is not one. */
export function readElfHeader(bytes: Uint8Array): ElfHeader | undefined {
  const kind = readKind(bytes);
  if (kind === undefined || bytes.length < 20) return undefined;
  const machine = viewOf(bytes).getUint16(18, kind.byteOrder === "little");
  const name = MACHINES[machine] ?? `machine ${machine}`;
  return { ...kind, machine, arch: typeof name === "string" ? name : name[kind.bits] };
}

/**
 * A section of an ELF file by name, if it exists. Throws {@link SyntaxError} for a damaged file.
 */
export function readElfSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const kind = readKind(bytes);
  if (kind === undefined) throw new SyntaxError("Not an ELF file");
  const { word, table, entrySize, offset, size } = LAYOUT[kind.bits];
  const little = kind.byteOrder === "little";
  const view = viewOf(bytes);
  const half = (at: number) => view.getUint16(at, little);
  const address = (at: number) =>
    word === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
  try {
    const section = (index: number) => {
      const at = address(table) + index * half(entrySize);
      return {
        name: view.getUint32(at, little),
        offset: address(at + offset),
        size: address(at + size),
      };
    };
    const count = half(entrySize + 2);
    const names = contents(bytes, section(half(entrySize + 4)));
    const wanted = new TextEncoder().encode(`${name}\0`);
    for (let index = 0; index < count; index++) {
      const candidate = section(index);
      const isWanted = wanted.every((byte, at) => names[candidate.name + at] === byte);
      if (isWanted) return contents(bytes, candidate);
    }
    return undefined;
  } catch (cause) {
    if (cause instanceof RangeError) throw new SyntaxError("Truncated ELF file", { cause });
    throw cause;
  }
}

/** Class and byte order (`EI_CLASS` and `EI_DATA`); `undefined` if they are not those of ELF. */
function readKind(bytes: Uint8Array): Pick<ElfHeader, "bits" | "byteOrder"> | undefined {
  const [a, b, c, d, bits, order] = bytes;
  if (a !== 0x7f || b !== 0x45 || c !== 0x4c || d !== 0x46) return undefined;
  if ((bits !== 1 && bits !== 2) || (order !== 1 && order !== 2)) return undefined;
  return { bits: bits === 1 ? 32 : 64, byteOrder: order === 1 ? "little" : "big" };
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Unlike `subarray()` alone, throws `RangeError` where the file ends within the section. */
function contents(bytes: Uint8Array, section: { offset: number; size: number }): Uint8Array {
  const end = section.offset + section.size;
  if (end > bytes.length) throw new RangeError(`${end} is beyond the end of the file`);
  return bytes.subarray(section.offset, end);
}
