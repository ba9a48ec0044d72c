import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { run } from "../host/process.ts";
import { haveProgram, sandbox } from "../host/testing.ts";
import { readElfHeader, readElfSection } from "./elf.ts";
import { elfFile, elfHeader } from "./elf_testing.ts";

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

const machines: [number, 32 | 64, string][] = [
  [62, 64, "x86_64"],
  [183, 64, "aarch64"],
  [3, 32, "i386"],
  [40, 32, "arm"],
  [243, 64, "riscv64"],
  [21, 64, "machine 21"],
];
for (const [machine, bits, arch] of machines) {
  Deno.test(`readElfHeader() knows machine ${machine} as ${arch}, in either byte order`, () => {
    assertEquals(readElfHeader(elfHeader({ bits, machine })), { bits, arch });
    assertEquals(readElfHeader(elfHeader({ bits, machine, bigEndian: true })), { bits, arch });
  });
}

Deno.test("readElfHeader() needs 20 bytes, wherever in a buffer they lie", () => {
  const header = elfHeader({ bits: 64, machine: 62 });
  const shifted = new Uint8Array(100);
  shifted.set(header, 7);
  assertEquals(readElfHeader(shifted.subarray(7, 27)), { bits: 64, arch: "x86_64" });
  assertEquals(readElfHeader(shifted.subarray(7, 26)), undefined);
});

for (const start of ["", "#!/bin/sh\necho this is a script\n", "\x7fELG, but no more than that"]) {
  Deno.test(`readElfHeader() takes ${JSON.stringify(start)} for no ELF file`, () => {
    assertEquals(readElfHeader(new TextEncoder().encode(start)), undefined);
  });
}

/** Real programs of hosts that have them; the last comes with mmdebstrap. */
const programs: [string, string][] = [
  ["/bin/sh", Deno.build.arch],
  [Deno.execPath(), Deno.build.arch],
  ["/usr/lib/arch-test/arm64", "aarch64"],
  ["/usr/lib/arch-test/amd64", "x86_64"],
];
for (const [path, arch] of programs) {
  const name = path === Deno.execPath() ? "this Deno" : path;
  const exists = Deno.build.os === "linux" && haveProgram(path);
  Deno.test({
    name: `readElfHeader() says that ${name} is for ${arch}`,
    ignore: !exists,
    async fn() {
      using file = await Deno.open(path);
      const start = new Uint8Array(20);
      await file.read(start);
      assertEquals(readElfHeader(start), { bits: 64, arch });
    },
  });
}

Deno.test("readElfSection() finds sections by their whole name", () => {
  const file = elfFile({ ".text": "code", ".modinfo": "a=1\0b=2\0", ".empty": "" });
  assertEquals(text(readElfSection(file, ".modinfo")), "a=1\0b=2\0");
  assertEquals(text(readElfSection(file, ".text")), "code");
  assertEquals(text(readElfSection(file, ".empty")), "");
  assertEquals(readElfSection(file, ".mod"), undefined);
  assertEquals(readElfSection(file, "modinfo"), undefined);
});

Deno.test({
  name: "readElfSection() reads what a real compiler wrote",
  ignore: !haveProgram("cc") || Deno.build.os !== "linux",
  async fn() {
    await using box = await sandbox();
    const source = `
      const char a[] __attribute__((section(".modinfo"), used)) = "depends=libcrc32c,mbcache";
      int work(void) { return 1; }`;
    const object = join(box.path, "x.o");
    const { stderr } = await run(["cc", "-x", "c", "-c", "-", "-o", object], { stdin: source });
    assertEquals(stderr, "");
    const file = await Deno.readFile(object);
    assertEquals(text(readElfSection(file, ".modinfo")), "depends=libcrc32c,mbcache\0");
    assertEquals(readElfSection(file, ".no-such-section"), undefined);
    assertEquals(readElfHeader(file), { bits: 64, arch: Deno.build.arch });
  },
});

Deno.test("readElfSection() refuses what is not a 64-bit little-endian ELF file", () => {
  const wrong = "Not a 64-bit little-endian ELF file";
  const others = [
    new Uint8Array(),
    new TextEncoder().encode("#!/bin/sh\n"),
    elfHeader({ bits: 32, machine: 3 }),
    elfHeader({ bits: 64, machine: 21, bigEndian: true }),
  ];
  for (const bytes of others) {
    assertThrows(() => readElfSection(bytes, ".modinfo"), SyntaxError, wrong);
  }
});

Deno.test("readElfSection() finds out that a file is cut off, wherever that is", () => {
  const file = elfFile({ ".modinfo": "depends=\0" });
  // The last 24 bytes are fields of a section's header that say nothing about its place.
  for (let length = 6; length < file.length - 24; length++) {
    assertThrows(
      () => readElfSection(file.subarray(0, length), ".modinfo"),
      SyntaxError,
      "Truncated ELF file",
    );
  }
});

Deno.test("readElfSection() finds out that a section reaches beyond the end", () => {
  const file = elfFile({ ".modinfo": "depends=\0" });
  const view = new DataView(file.buffer);
  const entry = Number(view.getBigUint64(0x28, true)) + 64;
  view.setBigUint64(entry + 0x20, 4096n, true);
  assertThrows(() => readElfSection(file, ".modinfo"), SyntaxError, "Truncated ELF file");
});

Deno.test("readElfSection() returns or throws SyntaxError, whatever is damaged", () => {
  const file = elfFile({ ".text": "code", ".modinfo": "depends=\0" });
  const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 8 });
  fc.assert(fc.property(damage, (changes) => {
    const bytes = file.slice();
    for (const [at, value] of changes) bytes[at] = value;
    try {
      const section = readElfSection(bytes, ".modinfo");
      assert(section === undefined || section.length <= bytes.length);
    } catch (error) {
      assert(error instanceof SyntaxError, String(error));
    }
  }));
});
