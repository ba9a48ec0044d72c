/** Architectures of guests, by the names that `uname -m` gives on Linux. */
export type ElfArch = "x86_64" | "aarch64";

/** `e_machine` values (ELF specification, "Machine" table). */
const MACHINES: Readonly<Record<number, string>> = {
  3: "i386",
  40: "arm",
  62: "x86_64",
  183: "aarch64",
  243: "riscv64",
};

/** What an ELF header says of a file. */
export interface ElfHeader {
  readonly bits: 32 | 64;
  /** The architecture's name, or `machine N` for one that is not in the table. */
  readonly arch: string;
}

/** Reads the header of an ELF file from its first 20 bytes or more; `undefined` if it is not one. */
export function readElfHeader(bytes: Uint8Array): ElfHeader | undefined {
  if (bytes.length < 20 || !hasMagic(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const machine = view.getUint16(18, bytes[5] === 1);
  return { bits: bytes[4] === 2 ? 64 : 32, arch: MACHINES[machine] ?? `machine ${machine}` };
}

/**
 * Finds a section of a 64-bit little-endian ELF file by name. `undefined` if there is none.
 * Throws {@link SyntaxError} when the file is not such an ELF file or ends too early.
 */
export function readElfSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
  if (!hasMagic(bytes) || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new SyntaxError("Not a 64-bit little-endian ELF file");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const table = Number(view.getBigUint64(0x28, true));
    const entrySize = view.getUint16(0x3a, true);
    const count = view.getUint16(0x3c, true);
    const section = (index: number) => {
      const at = table + index * entrySize;
      return {
        name: view.getUint32(at, true),
        offset: Number(view.getBigUint64(at + 0x18, true)),
        size: Number(view.getBigUint64(at + 0x20, true)),
      };
    };
    const names = contents(bytes, section(view.getUint16(0x3e, true)));
    for (let index = 0; index < count; index++) {
      const candidate = section(index);
      if (readName(names, candidate.name) === name) return contents(bytes, candidate);
    }
    return undefined;
  } catch (cause) {
    if (cause instanceof RangeError) throw new SyntaxError("Truncated ELF file", { cause });
    throw cause;
  }
}

function hasMagic(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** Unlike `subarray()` alone, throws `RangeError` where the file ends within the section. */
function contents(bytes: Uint8Array, section: { offset: number; size: number }): Uint8Array {
  const end = section.offset + section.size;
  if (end > bytes.length) throw new RangeError(`${end} is beyond the end of the file`);
  return bytes.subarray(section.offset, end);
}

function readName(bytes: Uint8Array, start: number): string {
  const end = bytes.indexOf(0, start);
  return new TextDecoder().decode(bytes.subarray(start, end === -1 ? undefined : end));
}
