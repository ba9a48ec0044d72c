import { isFile } from "../base/files/folders.ts";
import { dirname, join } from "@std/path";
import { findProgram } from "../base/process/find_program.ts";
import type { Arch } from "../config/archs.ts";

/** UEFI firmware for guests: what the guest runs first, and a template for its settings. */
export interface Firmware {
  readonly code: string;
  /** To be copied for each guest, which writes to it. */
  readonly vars: string | undefined;
}

/** Where distributions put EDK II's files, best first; without Secure Boot. */
const CANDIDATES: Readonly<Record<Arch, readonly (readonly [code: string, vars: string])[]>> = {
  x86_64: [
    ["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"], // Debian, Ubuntu
    ["/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"],
    ["/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"], // Fedora
    ["/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"], // Arch
  ],
  aarch64: [
    ["/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"], // Debian, Ubuntu
    [
      "/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw", // Fedora
      "/usr/share/edk2/aarch64/vars-template-pflash.raw",
    ],
    ["/usr/share/edk2/aarch64/QEMU_CODE.fd", "/usr/share/edk2/aarch64/QEMU_VARS.fd"], // Arch
  ],
};

/** Names of the files that QEMU itself ships; Debian leaves them out, Homebrew and Nix do not. */
const SHIPPED: Readonly<Record<Arch, readonly [code: string, vars: string]>> = {
  x86_64: ["edk2-x86_64-code.fd", "edk2-i386-vars.fd"],
  aarch64: ["edk2-aarch64-code.fd", "edk2-arm-vars.fd"],
};

/** The packages to install where it is missing, by package manager. */
export const FIRMWARE_PACKAGES: Readonly<Record<Arch, string>> = {
  x86_64: "ovmf (apt), edk2-ovmf (dnf, pacman), qemu (brew, nix)",
  aarch64: "qemu-efi-aarch64 (apt), edk2-aarch64 (dnf, pacman), qemu (brew, nix)",
};

/**
 * Searches this host for UEFI firmware. Guests that start from a kernel, as those of the local
 * CI do, need none; unified kernel images and foreign disk images do.
 */
export async function findFirmware(arch: Arch): Promise<Firmware | undefined> {
  for (const [code, vars] of [...CANDIDATES[arch], ...await shippedWithQemu(arch)]) {
    if (!await isFile(code)) continue;
    return { code, vars: await isFile(vars) ? vars : undefined };
  }
  return undefined;
}

async function shippedWithQemu(arch: Arch): Promise<[code: string, vars: string][]> {
  const qemu = findProgram(`qemu-system-${arch}`);
  if (qemu === undefined) return [];
  // Homebrew and Nix link the program; the data lies beside its real place.
  const folders = [qemu.path, await Deno.realPath(qemu.path)]
    .map((path) => join(dirname(path), "../share/qemu"));
  const [code, vars] = SHIPPED[arch];
  return folders.map((folder) => [join(folder, code), join(folder, vars)]);
}
