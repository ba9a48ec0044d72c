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

// A ROM of 64 KiB, the granule of `-bios`, which ends at 4 GiB. No firmware, kernel or disk
// takes part.
const ROM_BYTES = 0x1_0000;
const ROM_BASE = 0x1_0000_0000 - ROM_BYTES;

// Offsets in the ROM.
const REAL_MODE = 0xf000;
const PROTECTED_MODE = 0xf100;
const LONG_MODE = 0xf200;
const DESCRIPTORS = 0xf800;
const DESCRIPTOR_POINTER = 0xf820;
const MESSAGE = 0xf900;
/** Where the processor starts, in real mode (Intel SDM volume 3, 10.1.4). */
const RESET_VECTOR = 0xfff0;

/** Only 64-bit code reaches this address: it is where entry 1 of the top page table begins. */
const ALIAS = 0x80_0000_0000n;

const PRINT_PORT = 0xe9;
const EXIT_PORT = 0xf4;
/** `isa-debug-exit` turns a value into the exit code (value << 1) | 1, here 123. */
const EXIT_VALUE = 61;

/**
 * The image for x86-64 guests: real, protected, then long mode. Its page tables map the first 2 MiB
 * and the ROM, and again at {@link ALIAS}, through which it reads.
 */
export function x86ProbeImage(): ProbeImage {
  const rom = new Uint8Array(ROM_BYTES);
  rom.set(resetVector(), RESET_VECTOR);
  rom.set(realMode(), REAL_MODE);
  rom.set(protectedMode(), PROTECTED_MODE);
  rom.set(longMode(), LONG_MODE);
  rom.set(descriptors(), DESCRIPTORS);
  rom.set(descriptorPointer(), DESCRIPTOR_POINTER);
  rom.set(new TextEncoder().encode(`${SIGN_OFF}\0`), MESSAGE);
  return {
    bytes: rom,
    exitCode: EXIT_VALUE << 1 | 1,
    machineArgs: (path) => [
      ...PROBE_ARGS,
      ...["-M", "q35", "-m", "16", "-bios", path],
      ...["-device", `isa-debug-exit,iobase=${EXIT_PORT},iosize=1`],
      ...["-chardev", "stdio,id=print"],
      ...["-device", `isa-debugcon,iobase=${PRINT_PORT},chardev=print`],
    ],
  };
}

const resetVector = () =>
  assemble(`
    E9 ${le(REAL_MODE - (RESET_VECTOR + 3), 2)} ; jmp REAL_MODE
  `);

const realMode = () =>
  assemble(`
    FA                                          ; cli
    B0 ${le(MARK_STARTED.charCodeAt(0), 1)}     ; mov al, MARK_STARTED
    E6 ${le(PRINT_PORT, 1)}                     ; out PRINT_PORT, al
    66 2E 0F 01 16 ${le(DESCRIPTOR_POINTER, 2)} ; lgdt cs:[DESCRIPTOR_POINTER]
    0F 20 C0                                    ; mov eax, cr0
    0C 01                                       ; or al, 1         (PE: protected mode)
    0F 22 C0                                    ; mov cr0, eax
    66 EA ${le(ROM_BASE + PROTECTED_MODE, 4)} 08 00 ; jmp 0x08:PROTECTED_MODE
  `);

const protectedMode = () =>
  assemble(`
    66 B8 10 00                                 ; mov ax, 0x10
    8E D8                                       ; mov ds, ax
    C7 05 ${le(0x1000, 4)} ${le(0x2003, 4)}     ; level 4, entry 0: level 3 is at 0x2000
    C7 05 ${le(0x1008, 4)} ${le(0x2003, 4)}     ; level 4, entry 1: the same, for ALIAS
    C7 05 ${le(0x2000, 4)} ${le(0x3003, 4)}     ; level 3, entry 0: level 2 is at 0x3000
    C7 05 ${le(0x2018, 4)} ${le(0x4003, 4)}     ; level 3, entry 3: level 2 is at 0x4000
    C7 05 ${le(0x3000, 4)} ${le(0x83, 4)}       ; level 2: a page of 2 MiB at 0
    C7 05 ${le(0x4ff8, 4)} ${le(0xffe0_0083, 4)} ; level 2: a page of 2 MiB with the ROM in it
    C6 05 ${le(0x5000, 4)} ${le(EXIT_VALUE, 1)} ; mov byte [0x5000], EXIT_VALUE
    0F 20 E0                                    ; mov eax, cr4
    0C 20                                       ; or al, 0x20      (PAE)
    0F 22 E0                                    ; mov cr4, eax
    B8 ${le(0x1000, 4)}                         ; mov eax, 0x1000
    0F 22 D8                                    ; mov cr3, eax     (level 4 is at 0x1000)
    B9 ${le(0xc000_0080, 4)}                    ; mov ecx, IA32_EFER
    0F 32                                       ; rdmsr
    0F BA E8 08                                 ; bts eax, 8       (LME: long mode)
    0F 30                                       ; wrmsr
    0F 20 C0                                    ; mov eax, cr0
    0F BA E8 1F                                 ; bts eax, 31      (PG: paging)
    0F 22 C0                                    ; mov cr0, eax
    EA ${le(ROM_BASE + LONG_MODE, 4)} 18 00     ; jmp 0x18:LONG_MODE
  `);

const longMode = () =>
  assemble(`
    B0 ${le(MARK_PAGING.charCodeAt(0), 1)}      ; mov al, MARK_PAGING
    E6 ${le(PRINT_PORT, 1)}                     ; out PRINT_PORT, al
    48 BB ${le(ALIAS + 0x5000n, 8)}             ; mov rbx, ALIAS + 0x5000
    B9 ${le(LOOP_TURNS, 4)}                     ; mov ecx, LOOP_TURNS
    48 8B 13                                    ; turn: mov rdx, [rbx]
    FF C9                                       ; dec ecx
    75 F9                                       ; jnz turn
    48 BE ${le(ALIAS + BigInt(ROM_BASE + MESSAGE), 8)} ; mov rsi, ALIAS + ROM_BASE + MESSAGE
    8A 06                                       ; next: mov al, [rsi]
    84 C0                                       ; test al, al
    74 07                                       ; jz done
    E6 ${le(PRINT_PORT, 1)}                     ; out PRINT_PORT, al
    48 FF C6                                    ; inc rsi
    EB F3                                       ; jmp next
    8A 03                                       ; done: mov al, [rbx]
    E6 ${le(EXIT_PORT, 1)}                      ; out EXIT_PORT, al
    F4                                          ; stop: hlt
    EB FD                                       ; jmp stop
  `);

/** Flat segments (Intel SDM volume 3, 3.4.5), already marked as accessed: a ROM is read-only. */
const descriptors = () =>
  assemble(`
    ${le(0, 8)}                                 ; 0x00: none
    ${le(0x00cf_9b00_0000_ffffn, 8)}            ; 0x08: 32-bit code
    ${le(0x00cf_9300_0000_ffffn, 8)}            ; 0x10: data
    ${le(0x00af_9b00_0000_ffffn, 8)}            ; 0x18: 64-bit code
  `);

const descriptorPointer = () =>
  assemble(`
    ${le(4 * 8 - 1, 2)} ${le(ROM_BASE + DESCRIPTORS, 4)} ; limit, base
  `);
