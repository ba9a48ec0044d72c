/** Debian's names of the guests' architectures. */
export const DEB_ARCH = { x86_64: "amd64", aarch64: "arm64" } as const;

/** An architecture of guests, by QEMU's name for it. */
export type Arch = keyof typeof DEB_ARCH;

/**
 * The CPUs of emulated guests: all that QEMU can emulate, but for what no program sees and every
 * access to memory pays for. On x86-64 that is five-level page tables, the kernel's protection from
 * its own mistakes with user memory, and the hint that copying by the byte (`rep movsb`) is fast; on
 * aarch64, pointer authentication by the architecture's own cipher, at half the speed.
 */
export const TCG_CPU = {
  x86_64: "max,la57=off,smep=off,smap=off,erms=off",
  aarch64: "max,pauth-impdef=on",
} as const;
