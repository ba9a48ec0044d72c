/** A tiny guest: 64-bit code with paging on, marks on standard output, and a positive end. */
export interface ProbeImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** QEMU arguments that boot the image from `path`, besides the accelerator and CPU model. */
  machineArgs(path: string): string[];
  /** The exit code of QEMU once the guest came to its end. */
  readonly exitCode: number;
}

/** Printed first, before paging is on. */
export const MARK_STARTED = "1";
/** Printed by 64-bit code with paging on, before the loop. */
export const MARK_PAGING = "2";
/** Printed by a guest that came to its end. */
export const SIGN_OFF = "guesthouse-probe-ok";

/**
 * Turns of a loop of three instructions, one of which loads through the page tables: 20 ms on a
 * processor, 100 ms under TCG, but a minute under a hypervisor that emulates each instruction
 * (Linux's kvm-pvm: two million a second), which this rules out.
 */
export const LOOP_TURNS = 0x0200_0000;

/** QEMU arguments of every probe: no devices, no display, no configuration of the user's. */
export const PROBE_ARGS: readonly string[] = [
  ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
];

/** Assembles lines of hexadecimal bytes, ` ; ` and their instruction. Throws SyntaxError. */
export function assemble(listing: string): Uint8Array<ArrayBuffer> {
  const digits = listing.replaceAll(/;.*/g, "").replaceAll(/\s+/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new SyntaxError(`Cannot assemble ${JSON.stringify(digits)}: not pairs of digits`);
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** A number as hexadecimal bytes, the lowest first, for {@link assemble}. */
export function littleEndian(value: number | bigint, byteCount: number): string {
  const digits = BigInt.asUintN(8 * byteCount, BigInt(value)).toString(16)
    .padStart(2 * byteCount, "0");
  return digits.match(/../g)!.reverse().join(" ");
}
