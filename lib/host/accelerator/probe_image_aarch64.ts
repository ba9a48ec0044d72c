import {
  assemble,
  littleEndian as le,
  LOOP_TURNS,
  MARK_PAGING,
  MARK_STARTED,
  PROBE_ARGS,
  type ProbeImage,
  SIGN_OFF,
} from "./probe_assembly.ts";

// Offsets in the image, which QEMU's `-kernel` loads at 0x4008_0000 of machine `virt` and
// starts at EL1 with the MMU off.
const AFTER_JUMP = 0x64;
const MESSAGE = 0x100;
const PAGE_TABLE = 0x1000;
const PAGE_TABLE_ENTRIES = 512;

/** Where the memory of machine `virt` begins. */
const MEMORY_BASE = 0x4000_0000n;
/** The memory once more, beyond 32 bits: entry 256 of a table whose entries map 1 GiB each. */
const ALIAS_ENTRY = 256;

// Bits of a block descriptor (Arm ARM, D8.3).
const BLOCK = 0x401n; // valid, and marked as accessed
const WRITE_BACK = 0x304n; // inner shareable, attributes 1 of MAIR_EL1
const NO_EXECUTE = 0x60_0000_0000_0000n;

/**
 * The image for AArch64 guests. Its page table maps devices and memory, and the memory again at 256
 * GiB, where it runs. It ends by PSCI's SYSTEM_OFF with code 0; the message is the sign.
 */
export function armProbeImage(): ProbeImage {
  const image = new Uint8Array(PAGE_TABLE + 8 * PAGE_TABLE_ENTRIES);
  image.set(code(), 0);
  image.set(new TextEncoder().encode(`${SIGN_OFF}\0`), MESSAGE);
  const table = new BigUint64Array(image.buffer, PAGE_TABLE, PAGE_TABLE_ENTRIES);
  table[0] = BLOCK | NO_EXECUTE;
  table[1] = table[ALIAS_ENTRY] = BLOCK | WRITE_BACK | MEMORY_BASE;
  return {
    bytes: image,
    exitCode: 0,
    machineArgs: (path) => [
      ...PROBE_ARGS,
      ...["-M", "virt", "-m", "16", "-kernel", path],
      ...["-chardev", "stdio,id=print", "-serial", "chardev:print"],
    ],
  };
}

/** `adr`: the address of an offset that is less than 1 MiB ahead and a multiple of 4. */
const adr = (register: number, at: number, offset: number) =>
  le(0x1000_0000 | (offset - at) >> 2 << 5 | register, 4);

/** `movz`: 16 bits of a constant, shifted by 0, 16, 32 or 48. */
const movz = (register: number, value: number, shift = 0) =>
  le(0xd280_0000 | shift / 16 << 21 | value << 5 | register, 4);

const code = () =>
  assemble(`
    ${movz(19, 0x0900, 16)}           ; 00  movz x19, 0x0900, lsl 16   serial port of virt
    ${movz(0, MARK_STARTED.charCodeAt(0))} ; 04  movz x0, MARK_STARTED
    60 02 00 39                       ; 08  strb w0, [x19]
    ${adr(0, 0x0c, PAGE_TABLE)}       ; 0c  adr x0, PAGE_TABLE
    00 20 18 D5                       ; 10  msr ttbr0_el1, x0
    ${movz(0, 0xff00)}                ; 14  movz x0, 0xff00            attributes 0: device,
    00 A2 18 D5                       ; 18  msr mair_el1, x0           1: write-back memory
    ${movz(0, 0x3519)}                ; 1c  movz x0, 0x3519            39-bit addresses, pages
    00 10 A0 F2                       ; 20  movk x0, 0x80, lsl 16      of 4 KiB, TTBR0 only
    40 20 18 D5                       ; 24  msr tcr_el1, x0
    1F 87 08 D5                       ; 28  tlbi vmalle1
    9F 37 03 D5                       ; 2c  dsb nsh
    DF 3F 03 D5                       ; 30  isb
    00 10 38 D5                       ; 34  mrs x0, sctlr_el1
    00 00 40 B2                       ; 38  orr x0, x0, 0x1            MMU
    00 00 7E B2                       ; 3c  orr x0, x0, 0x4            data cache
    00 00 74 B2                       ; 40  orr x0, x0, 0x1000         instruction cache
    00 10 18 D5                       ; 44  msr sctlr_el1, x0
    DF 3F 03 D5                       ; 48  isb
    ${adr(1, 0x4c, AFTER_JUMP)}       ; 4c  adr x1, AFTER_JUMP
    ${movz(2, ALIAS_ENTRY >> 2, 32)}  ; 50  movz x2, ALIAS_ENTRY << 30
    ${movz(3, 0x4000, 16)}            ; 54  movz x3, MEMORY_BASE
    42 00 03 CB                       ; 58  sub x2, x2, x3
    21 00 02 8B                       ; 5c  add x1, x1, x2
    20 00 1F D6                       ; 60  br x1                      into the alias
    ${movz(0, MARK_PAGING.charCodeAt(0))} ; 64  movz x0, MARK_PAGING
    60 02 00 39                       ; 68  strb w0, [x19]
    ${adr(1, 0x6c, MESSAGE)}          ; 6c  adr x1, MESSAGE
    ${movz(4, LOOP_TURNS >> 16, 16)}  ; 70  movz x4, LOOP_TURNS
    25 00 40 F9                       ; 74  turn: ldr x5, [x1]
    84 04 00 F1                       ; 78  subs x4, x4, 1
    C1 FF FF 54                       ; 7c  b.ne turn
    20 14 40 38                       ; 80  next: ldrb w0, [x1], 1
    60 00 00 34                       ; 84  cbz w0, off
    60 02 00 39                       ; 88  strb w0, [x19]
    FD FF FF 17                       ; 8c  b next
    ${movz(0, 0x8400, 16)}            ; 90  off: movz x0, 0x8400, lsl 16
    00 01 80 F2                       ; 94  movk x0, 8                 PSCI SYSTEM_OFF
    02 00 00 D4                       ; 98  hvc 0
    7F 20 03 D5                       ; 9c  stop: wfi
    FF FF FF 17                       ; a0  b stop
  `);
