/** Parts of the tests of ELF files: small ones, made by hand from the specification. */
import type { KernelModule } from "./modules.ts";
import { join } from "@std/path";

/** An ELF file's header alone, of either size and byte order. */
export function elfHeader(
  facts: { bits: 32 | 64; machine: number; bigEndian?: boolean },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, facts.bits / 32, facts.bigEndian ? 2 : 1, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, 1, !facts.bigEndian); // ET_REL, as kernel modules are
  view.setUint16(18, facts.machine, !facts.bigEndian);
  return bytes;
}

/** A 64-bit little-endian ELF file with these sections. */
export function elfFile(sections: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const named = [["", ""], ...Object.entries(sections)] as const;
  const names = [...named.map(([name]) => name), ".shstrtab"];
  const table = encoder.encode(names.map((name) => `${name}\0`).join(""));
  const contents = [...named.map(([, text]) => encoder.encode(text)), table];
  const dataBytes = contents.reduce((sum, part) => sum + part.length, 0);
  const tableAt = 64 + dataBytes;
  const bytes = new Uint8Array(tableAt + 64 * contents.length);
  bytes.set(elfHeader({ bits: 64, machine: 183 }));
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0x28, BigInt(tableAt), true);
  view.setUint16(0x3a, 64, true);
  view.setUint16(0x3c, contents.length, true);
  view.setUint16(0x3e, contents.length - 1, true);
  let offset = 64;
  let nameAt = 0;
  contents.forEach((part, index) => {
    bytes.set(part, offset);
    const entry = tableAt + index * 64;
    view.setUint32(entry, nameAt, true);
    view.setBigUint64(entry + 0x18, BigInt(offset), true);
    view.setBigUint64(entry + 0x20, BigInt(part.length), true);
    offset += part.length;
    nameAt += encoder.encode(names[index]).length + 1;
  });
  return bytes;
}

/** A file that says of itself what a kernel module does. */
export const moduleFile = (...info: string[]): Uint8Array<ArrayBuffer> =>
  elfFile({ ".text": "code", ".modinfo": info.map((field) => `${field}\0`).join("") });

/** Writes modules into a folder such as `/lib/modules/VERSION`: path below `kernel/` to fields. */
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
