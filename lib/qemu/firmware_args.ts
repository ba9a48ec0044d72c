import { optionValue, virtioDevice } from "./args.ts";

/** What a guest finds its seed by: the serial number of a read-only disk that is a tar archive. */
export const SEED_SERIAL = "guesthouse-seed";

/** UEFI firmware in flash memory: its code, which many guests share, and the guest's settings. */
export function firmwareArgs(
  { code, vars }: { readonly code: string; readonly vars: string },
): string[] {
  const flash = (unit: number, path: string, readOnly: boolean) =>
    [
      ...["if=pflash", `unit=${unit}`, "format=raw", "file.driver=file"],
      `file.filename=${optionValue(path)}`,
      `readonly=${readOnly ? "on" : "off"}`,
    ].join(",");
  return ["-drive", flash(0, code, true), "-drive", flash(1, vars, false)];
}

/** The last place of the bus that machines leave free: systems count the main disk first, then. */
const SEED_ADDRESS = "addr=0x1e";

/** A read-only disk of raw bytes: {@link SEED_SERIAL}, or what a provisioning system looks for. */
export function seedDiskArgs(path: string, serial: string = SEED_SERIAL): string[] {
  const drive = [
    ...["if=none", "id=seed0", "format=raw", "file.driver=file"],
    ...[`file.filename=${optionValue(path)}`, "readonly=on"],
  ];
  return [
    ...["-drive", drive.join(",")],
    ...["-device", virtioDevice("blk", "pci", ["drive=seed0", `serial=${serial}`, SEED_ADDRESS])],
  ];
}
