import { CHECK, DIAGNOSE, READ_CONSOLE, REBUILD, symptoms } from "./symptom.ts";

/** Firmware and boot loaders, which run between QEMU and the kernel. */
export const FIRMWARE = symptoms({ where: ["console"], endsBoot: true }, [
  {
    id: "firmware-missing",
    patterns: [
      /could not load (?:PC BIOS|VGA BIOS|firmware)(?: '(?<path>[^']*)')?/i,
      /Could not (?:open|find) (?:ROM image |firmware )?'(?<path>[^']*(?:OVMF|AAVMF|edk2-|QEMU_EFI|bios-)[^']*)'/,
    ],
    says: "Could not open '/usr/share/OVMF/OVMF_CODE.fd': No such file or directory",
    where: ["qemu"],
    title: "its firmware {path|file} is not on this host",
    cause:
      "QEMU and its firmware are in separate packages; the second is missing, or has the file in " +
      "another directory.",
    fix: [CHECK, "sudo apt-get install ovmf qemu-efi-aarch64 seabios"],
  },
  {
    id: "firmware-no-disk",
    patterns: [/No bootable device|BdsDxe: No bootable option or device was found|^Shell> ?$/],
    says: "No bootable device.",
    title: "its firmware found nothing to boot",
    cause:
      "The disk has no boot loader, is damaged, or needs the other kind of firmware (UEFI or " +
      "BIOS).",
    fix: [REBUILD],
  },
  {
    id: "boot-loader",
    patterns: [
      /EFI stub: ERROR: (?<reason>.+)/,
      /^error: (?<reason>no such device: .+|unknown filesystem.*)/,
    ],
    says: "EFI stub: ERROR: …",
    title: "its boot loader failed: {reason}",
    cause: "The kernel or the initramfs is not where the boot loader looks for it.",
    fix: [REBUILD],
  },
  {
    id: "cpu-too-old",
    patterns: [/This kernel requires an? (?<cpu>.+) CPU, but only detected/],
    says: "This kernel requires an … CPU, but only detected an … CPU.",
    title: "its kernel needs an {cpu} CPU",
    cause: "The platform's cpu is older than the one that the kernel was built for.",
    fix: ["grep -n cpu configs/platforms/*.ts", READ_CONSOLE],
    next: DIAGNOSE,
  },
]);
