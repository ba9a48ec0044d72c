import { ARCH, type Arch, ARCHS } from "../../config/archs.ts";
import type { Tool } from "./tool.ts";

/** u-boot for QEMU's `virt` machine, from Debian's package. */
export const UBOOT_PATH = "/usr/lib/u-boot/qemu_arm64/u-boot.bin";

/** The emulators of whole machines. 7.2 is the oldest that the guests are tested with. */
function systemEmulators(): Tool[] {
  const systems = Map.groupBy(ARCHS, (arch) => ARCH[arch].qemu.system);
  return [...systems].map(([system, archs]) => ({
    name: system,
    programs: [system],
    groups: ["vm"],
    purpose: `boots ${archs.join(" and ")} guests`,
    versionArgs: ["--version"],
    versionPattern: /version (\d+(?:\.\d+)+)/,
    minimum: "7.2",
    packages: { ...ARCH[archs[0]!].qemu.packages, brew: "qemu", nix: "qemu" },
    neededIf: (need) => archs.some((arch) => need.guestArchs.includes(arch)),
  }));
}

/** What starts an emulated machine, where Debian does not ship it with QEMU. */
function machineMonitor(arch: Arch): Tool[] {
  const { monitor } = ARCH[arch].qemu;
  if (monitor === undefined) return [];
  return [{
    name: monitor.apt,
    programs: [monitor.file],
    groups: ["vm"],
    purpose: `starts ${arch} machines`,
    packages: { apt: monitor.apt },
    neededIf: (need) => need.distroId === "debian" && need.guestArchs.includes(arch),
  }];
}

/** What boots guests and talks to them. */
export const VM_TOOLS: readonly Tool[] = [
  {
    name: "qemu-img",
    programs: ["qemu-img"],
    groups: ["image", "vm"],
    purpose: "makes disk images and overlays",
    versionArgs: ["--version"],
    versionPattern: /version (\d+(?:\.\d+)+)/,
    minimum: "7.2",
    packages: {
      apt: "qemu-utils",
      brew: "qemu",
      dnf: "qemu-img",
      pacman: "qemu-img",
      nix: "qemu",
    },
  },
  ...systemEmulators(),
  ...ARCHS.flatMap(machineMonitor),
  {
    name: "ssh",
    programs: ["ssh"],
    groups: ["vm"],
    purpose: "runs commands in guests",
    versionArgs: ["-V"],
    packages: {
      apt: "openssh-client",
      brew: "openssh",
      dnf: "openssh-clients",
      pacman: "openssh",
      nix: "openssh",
    },
  },
  {
    name: "ssh-keygen",
    programs: ["ssh-keygen"],
    groups: ["image", "vm"],
    purpose: "makes the checkout's keys",
    packages: {
      apt: "openssh-client",
      brew: "openssh",
      dnf: "openssh",
      pacman: "openssh",
      nix: "openssh",
    },
  },
  {
    name: "rsync",
    programs: ["rsync"],
    groups: ["vm"],
    purpose: "copies projects into guests",
    versionArgs: ["--version"],
    // The openrsync of macOS says "2.6.9 compatible" on a second line; it lacks --mkpath, which came with 3.2.3.
    versionPattern: /rsync +version v?(\d+(?:\.\d+)+)/,
    minimum: "3.2.3",
    packages: { apt: "rsync", brew: "rsync", dnf: "rsync", pacman: "rsync", nix: "rsync" },
  },
  {
    name: "u-boot",
    programs: [UBOOT_PATH],
    groups: ["nixos", "test"],
    purpose: "boots NixOS guests",
    packages: { apt: "u-boot-qemu" },
    // Elsewhere it comes from the farm that builds NixOS.
    neededIf: (need) => need.os === "linux" && need.distroId === "debian",
  },
];
