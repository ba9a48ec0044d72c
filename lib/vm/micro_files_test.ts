import { assertEquals } from "@std/assert";
import { elfHeader } from "../image/format/elf_testing.ts";
import { kernelArch } from "./micro_files.ts";

Deno.test("kernelArch() reads whom a kernel is for, and does not guess", () => {
  const head = (at: number, text: string) => {
    const bytes = new Uint8Array(1024);
    bytes.set(new TextEncoder().encode(text), at);
    return bytes;
  };
  assertEquals(kernelArch(elfHeader({ bits: 64, machine: 62 })), "x86_64");
  assertEquals(kernelArch(elfHeader({ bits: 64, machine: 183 })), "aarch64");
  assertEquals(kernelArch(head(0x202, "HdrS")), "x86_64");
  assertEquals(kernelArch(head(56, "ARMd")), "aarch64");
  for (const bytes of [new Uint8Array(), new Uint8Array(59), new Uint8Array(1024)]) {
    assertEquals(kernelArch(bytes), "no machine that is known");
  }
  // Cut off before its mark.
  assertEquals(kernelArch(head(0x202, "HdrS").subarray(0, 0x204)), "no machine that is known");
});
