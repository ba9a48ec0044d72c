import { HostError } from "../base/errors.ts";
import { isFile } from "../base/files/directories.ts";
import { dirname, join } from "@std/path";
import { findProgram } from "../base/process/find_program.ts";
import { ARCH, type Arch } from "../config/archs.ts";

/** UEFI firmware for guests: what the guest runs first, and a template for its settings. */
export interface Firmware {
  readonly code: string;
  /** To be copied for each guest, which writes to it. */
  readonly vars: string | undefined;
}

/**
 * Searches this host for UEFI firmware, which guests without a kernel of their own need: where
 * distributions put it, then what QEMU ships.
 */
export async function findFirmware(
  arch: Arch,
  places = ARCH[arch].firmware?.places ?? [],
): Promise<Firmware | undefined> {
  const { firmware, qemu: { system } } = ARCH[arch];
  if (firmware === undefined) return undefined;
  for (const [code, vars] of [...places, ...await shippedWithQemu(system, firmware.shipped)]) {
    if (!await isFile(code)) continue;
    return { code, vars: await isFile(vars) ? vars : undefined };
  }
  return undefined;
}

/** As {@link findFirmware}, with a place for settings. Throws {@link HostError}. */
export async function requireFirmware(
  arch: Arch,
  guest: string,
): Promise<{ readonly code: string; readonly vars: string }> {
  const found = await findFirmware(arch);
  if (found?.vars !== undefined) return { code: found.code, vars: found.vars };
  const missing = found === undefined ? "no UEFI firmware" : "no settings beside the UEFI firmware";
  const packages = ARCH[arch].firmware?.packages;
  throw new HostError(`Cannot boot guest "${guest}": there is ${missing} for ${arch}`, {
    details: found === undefined ? [] : [`firmware: ${found.code}`],
    ...(packages === undefined ? {} : { next: `install ${packages}` }),
  });
}

async function shippedWithQemu(
  system: string,
  [code, vars]: readonly [code: string, vars: string],
): Promise<[code: string, vars: string][]> {
  const qemu = findProgram(system);
  if (qemu === undefined) return [];
  // Homebrew and Nix link the program; the data lies beside its real place.
  const dirs = [qemu.path, await Deno.realPath(qemu.path)]
    .map((path) => join(dirname(path), "../share/qemu"));
  return dirs.map((dir) => [join(dir, code), join(dir, vars)]);
}
