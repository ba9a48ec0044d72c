import { assertEquals, assertThrows } from "@std/assert";
import { WorkError } from "../../base/errors.ts";
import { elfHeader } from "../format/elf_testing.ts";
import { checkArch } from "./check_arch.ts";

/** The head of an ELF file. */
const elf = (machine: number, bits: 32 | 64 = 64, bigEndian = false): Uint8Array =>
  elfHeader({ machine, bits, bigEndian });

Deno.test("checkArch() takes a program of the architecture", () => {
  checkArch(elf(62), "x86_64", "agent");
  checkArch(elf(183), "aarch64", "agent");
});

// What once ended in "execv failed: errno=8", exitcode=0x00006500 and a kernel panic.
Deno.test("checkArch() names found and wanted architecture", () => {
  const cases: [Uint8Array, string][] = [
    [elf(62), "it is for x86_64, and aarch64 is needed"],
    [elf(3, 32), "it is for i386 (32 bits), and aarch64 is needed"],
    [elf(183, 64, true), "it is for aarch64 (big-endian), and aarch64 is needed"],
    [elf(20, 32, true), "it is for ppc (32 bits, big-endian), and aarch64 is needed"],
    [elf(231), "it is for machine 231, and aarch64 is needed"],
    [new Uint8Array(64), "it is no ELF file at all, and aarch64 is needed"],
    [new Uint8Array(), "it is no ELF file at all, and aarch64 is needed"],
  ];
  for (const [bytes, says] of cases) {
    const error = assertThrows(() => checkArch(bytes, "aarch64", "agent"), WorkError);
    assertEquals(error.message, `Cannot use agent: ${says}`);
    assertEquals(error.next, "deno task build-images aarch64 --force");
  }
});
