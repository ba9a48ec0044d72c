/** Parts of the tests of ELF files: small ones, made by hand from the specification. */
import type { KernelModule } from "../boot/modules.ts";
import { join } from "@std/path";

/** What kind of ELF file is made. */
export interface ElfFacts {
  readonly bits: 32 | 64;
  /** `e_machine`. */
  readonly machine: number;
  readonly bigEndian?: boolean;
}

/** An ELF file's header alone, of either size and byte order. */
export function elfHeader(facts: ElfFacts): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, facts.bits / 32, facts.bigEndian ? 2 : 1, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, 1, !facts.bigEndian); // ET_REL, as kernel modules are
  view.setUint16(18, facts.machine, !facts.bigEndian);
  return bytes;
}

/** An ELF file with these sections; a 64-bit little-endian one if nothing else is said. */
export function elfFile(
  sections: Readonly<Record<string, string>>,
  facts: ElfFacts = { bits: 64, machine: 183 },
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const named = [["", ""], ...Object.entries(sections)] as const;
  const names = [...named.map(([name]) => name), ".shstrtab"];
  const table = encoder.encode(names.map((name) => `${name}\0`).join(""));
  const contents = [...named.map(([, text]) => encoder.encode(text)), table];
  const dataBytes = contents.reduce((sum, part) => sum + part.length, 0);
  const is64 = facts.bits === 64;
  const [headerBytes, entryBytes] = is64 ? [64, 64] : [52, 40];
  const bytes = new Uint8Array(headerBytes + dataBytes + entryBytes * contents.length);
  bytes.set(elfHeader(facts).subarray(0, headerBytes));
  const view = new DataView(bytes.buffer);
  const little = !facts.bigEndian;
  const setAddress = (at: number, value: number) =>
    is64 ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little);
  const tableAt = headerBytes + dataBytes;
  setAddress(is64 ? 0x28 : 0x20, tableAt); // e_shoff
  const sizes = [entryBytes, contents.length, contents.length - 1]; // e_shentsize, e_shnum, e_shstrndx
  sizes.forEach((size, i) => view.setUint16((is64 ? 0x3a : 0x2e) + 2 * i, size, little));
  let offset = headerBytes;
  let nameAt = 0;
  contents.forEach((part, index) => {
    bytes.set(part, offset);
    const entry = tableAt + index * entryBytes;
    view.setUint32(entry, nameAt, little);
    setAddress(entry + (is64 ? 0x18 : 0x10), offset); // sh_offset
    setAddress(entry + (is64 ? 0x20 : 0x14), part.length); // sh_size
    offset += part.length;
    nameAt += encoder.encode(names[index]).length + 1;
  });
  return bytes;
}

/** A file that says of itself what a kernel module does. */
export const moduleFile = (...info: string[]): Uint8Array<ArrayBuffer> =>
  elfFile({ ".text": "code", ".modinfo": info.map((field) => `${field}\0`).join("") });

/**
 * Writes modules into a directory such as `/lib/modules/VERSION`: path below `kernel/` to fields.
 */
export async function writeModules(
  versionDir: string,
  modules: Readonly<Record<string, readonly string[]>>,
  lists: { readonly alias?: string; readonly builtin?: string } = {},
): Promise<void> {
  for (const [path, info] of Object.entries(modules)) {
    const file = join(versionDir, "kernel", path);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeFile(file, moduleFile(...info));
  }
  await Deno.mkdir(join(versionDir, "kernel"), { recursive: true });
  await Deno.writeTextFile(join(versionDir, "modules.alias"), lists.alias ?? "");
  await Deno.writeTextFile(join(versionDir, "modules.builtin"), lists.builtin ?? "");
}

/** The names of modules, in their order. */
export const namesOf = (modules: readonly KernelModule[]): string[] =>
  modules.map(({ name }) => name);
