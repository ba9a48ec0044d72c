import { assert, assertEquals, assertObjectMatch, assertThrows } from "@std/assert";
import { ARCH } from "../../config/archs.ts";
import { join } from "@std/path";
import fc from "fast-check";
import { $ } from "../../base/process/dollar.ts";
import { haveProgram, sandbox } from "../../base/host_testing.ts";
import { readElfHeader, readElfSection } from "./elf.ts";
import { type ElfFacts, elfFile, elfHeader } from "./elf_testing.ts";

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

const machines: [number, 32 | 64, string][] = [
  [62, 64, "x86_64"],
  [62, 32, "x86_64"], // x32, which Linux calls so, too
  [183, 64, "aarch64"],
  [3, 32, "i386"],
  [40, 32, "arm"],
  [20, 32, "ppc"],
  [21, 64, "ppc64"],
  [22, 64, "s390x"],
  [22, 32, "s390"],
  [243, 64, "riscv64"],
  [243, 32, "riscv32"],
  [258, 64, "machine 258"],
];
for (const [machine, bits, arch] of machines) {
  Deno.test(`readElfHeader() knows machine ${machine} of ${bits} bits as ${arch}, in either byte order`, () => {
    const little = elfHeader({ bits, machine });
    assertEquals(readElfHeader(little), { machine, bits, byteOrder: "little", arch });
    const big = elfHeader({ bits, machine, bigEndian: true });
    assertEquals(readElfHeader(big), { machine, bits, byteOrder: "big", arch });
  });
}

Deno.test("readElfHeader() accepts no other class and no other byte order", () => {
  for (const place of [4, 5]) {
    for (const value of [0, 3, 255]) {
      const header = elfHeader({ bits: 64, machine: 62 });
      header[place] = value;
      assertEquals(readElfHeader(header), undefined, `${value} at ${place}`);
      assertThrows(() => readElfSection(header, ".text"), SyntaxError, "Not an ELF file");
    }
  }
});

Deno.test("readElfHeader() needs 20 bytes, wherever in a buffer they lie", () => {
  const header = elfHeader({ bits: 64, machine: 62 });
  const shifted = new Uint8Array(100);
  shifted.set(header, 7);
  const found = { machine: 62, bits: 64, byteOrder: "little", arch: "x86_64" } as const;
  assertEquals(readElfHeader(shifted.subarray(7, 27)), found);
  for (let length = 0; length < 20; length++) {
    assertEquals(readElfHeader(shifted.subarray(7, 7 + length)), undefined);
  }
});

for (const start of ["", "#!/bin/sh\necho this is a script\n", "\x7fELG, but no more than that"]) {
  Deno.test(`readElfHeader() rejects ${JSON.stringify(start)}`, () => {
    assertEquals(readElfHeader(new TextEncoder().encode(start)), undefined);
  });
}

/** Programs of this host, and those of other architectures that come with arch-test. */
const programs: [path: string, bits: 32 | 64, byteOrder: "little" | "big", arch: string][] = [
  ["/bin/sh", 64, "little", Deno.build.arch],
  [Deno.execPath(), 64, "little", Deno.build.arch],
  ["/usr/lib/arch-test/amd64", 64, "little", "x86_64"],
  ["/usr/lib/arch-test/x32", 32, "little", "x86_64"],
  ["/usr/lib/arch-test/i386", 32, "little", "i386"],
  ["/usr/lib/arch-test/arm64", 64, "little", "aarch64"],
  ["/usr/lib/arch-test/armhf", 32, "little", "arm"],
  ["/usr/lib/arch-test/powerpc", 32, "big", "ppc"],
  ["/usr/lib/arch-test/ppc64", 64, "big", "ppc64"],
  ["/usr/lib/arch-test/ppc64el", 64, "little", "ppc64"],
  ["/usr/lib/arch-test/s390x", 64, "big", "s390x"],
  ["/usr/lib/arch-test/riscv64", 64, "little", "riscv64"],
];
for (const [path, bits, byteOrder, arch] of programs) {
  const name = path === Deno.execPath() ? "this Deno" : path;
  const exists = Deno.build.os === "linux" && haveProgram(path);
  Deno.test({
    name: `readElfHeader() says that ${name} is for ${arch} of ${bits} bits, ${byteOrder}-endian`,
    ignore: !exists,
    async fn() {
      using file = await Deno.open(path);
      const start = new Uint8Array(20);
      await file.read(start);
      assertObjectMatch({ ...readElfHeader(start) }, { bits, byteOrder, arch });
    },
  });
}

/** A file of each class and byte order. */
const kinds: (ElfFacts & { readonly name: string })[] = [
  { name: "64-bit little-endian", bits: 64, machine: 183 },
  { name: "64-bit big-endian", bits: 64, machine: 22, bigEndian: true },
  { name: "32-bit little-endian", bits: 32, machine: 40 },
  { name: "32-bit big-endian", bits: 32, machine: 20, bigEndian: true },
];

for (const { name, ...facts } of kinds) {
  Deno.test(`readElfSection() finds sections of a ${name} file by their whole name`, () => {
    const file = elfFile({ ".text": "code", ".modinfo": "a=1\0b=2\0", ".empty": "" }, facts);
    assertEquals(text(readElfSection(file, ".modinfo")), "a=1\0b=2\0");
    assertEquals(text(readElfSection(file, ".text")), "code");
    assertEquals(text(readElfSection(file, ".empty")), "");
    assertEquals(readElfSection(file, ".mod"), undefined);
    assertEquals(readElfSection(file, "modinfo"), undefined);
  });

  Deno.test(`readElfSection() detects a ${name} file that is truncated anywhere`, () => {
    const file = elfFile({ ".modinfo": "depends=\0" }, facts);
    // The last bytes are fields of a section's header that say nothing about its place.
    const unread = facts.bits === 64 ? 24 : 16;
    for (let length = 6; length < file.length - unread; length++) {
      assertThrows(
        () => readElfSection(file.subarray(0, length), ".modinfo"),
        SyntaxError,
        "Truncated ELF file",
      );
    }
  });

  Deno.test(`readElfSection() returns or throws SyntaxError, whatever is damaged in a ${name} file`, () => {
    const file = elfFile({ ".text": "code", ".modinfo": "depends=\0" }, facts);
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 8 });
    const length = fc.oneof(fc.constant(file.length), fc.nat(file.length));
    fc.assert(fc.property(damage, length, (changes, length) => {
      const bytes = file.slice(0, length);
      for (const [at, value] of changes) bytes[at] = value;
      readElfHeader(bytes);
      try {
        const section = readElfSection(bytes, ".modinfo");
        assert(section === undefined || section.length <= bytes.length);
      } catch (error) {
        assert(error instanceof SyntaxError, String(error));
      }
    }));
  });
}

Deno.test({
  name: "readElfSection() reads the output of a real compiler",
  ignore: !haveProgram("cc") || Deno.build.os !== "linux",
  async fn() {
    await using box = await sandbox();
    const source = `
      const char a[] __attribute__((section(".modinfo"), used)) = "depends=libcrc32c,mbcache";
      int work(void) { return 1; }`;
    const object = join(box.path, "x.o");
    const { stderr } = await $`cc -x c -c - -o ${object}`.stdin(source);
    assertEquals(stderr, "");
    const file = await Deno.readFile(object);
    assertEquals(text(readElfSection(file, ".modinfo")), "depends=libcrc32c,mbcache\0");
    assertEquals(readElfSection(file, ".no-such-section"), undefined);
    const { arch } = Deno.build;
    assertEquals(readElfHeader(file), { ...ARCH[arch].elf, arch });
  },
});

Deno.test("readElfSection() refuses what is not an ELF file", () => {
  for (const text of ["", "#!/bin/sh\n", "\x7fELF", "\x7fELF\x02"]) {
    const bytes = new TextEncoder().encode(text);
    assertThrows(() => readElfSection(bytes, ".modinfo"), SyntaxError, "Not an ELF file");
  }
});

Deno.test("readElfSection() detects a section that reaches beyond the end", () => {
  const file = elfFile({ ".modinfo": "depends=\0" });
  const view = new DataView(file.buffer);
  const entry = Number(view.getBigUint64(0x28, true)) + 64;
  view.setBigUint64(entry + 0x20, 4096n, true);
  assertThrows(() => readElfSection(file, ".modinfo"), SyntaxError, "Truncated ELF file");
});
