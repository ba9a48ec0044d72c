import { assertEquals, assertThrows } from "@std/assert";
import { assemble, littleEndian } from "./probe_assembly.ts";
import { probeImage } from "./probe_image.ts";

Deno.test("assemble() takes the bytes of a listing, without the instructions", () => {
  assertEquals(assemble("\n  EA 0f ; jmp\n ff;dec be ad\n"), Uint8Array.of(0xea, 0x0f, 0xff));
  assertEquals(assemble(" ; nothing"), new Uint8Array());
  assertThrows(() => assemble("F ; half"), SyntaxError, 'Cannot assemble "F"');
  assertThrows(() => assemble("jmp"), SyntaxError, 'Cannot assemble "jmp"');
});

Deno.test("littleEndian() writes the lowest byte first", () => {
  const cases: [number | bigint, number, string][] = [
    [0x12, 1, "12"],
    [0x1234, 4, "34 12 00 00"],
    [-3, 2, "fd ff"],
    [0x80_0000_5000n, 8, "00 50 00 00 80 00 00 00"],
  ];
  for (const [value, count, text] of cases) assertEquals(littleEndian(value, count), text);
});

Deno.test("probeImage() has the size that QEMU takes", () => {
  // `-bios` wants a multiple of 64 KiB; the page table of the other ends its image.
  assertEquals(probeImage("x86_64").bytes.length, 0x1_0000);
  assertEquals(probeImage("aarch64").bytes.length, 0x2000);
});
