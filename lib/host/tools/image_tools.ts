import { ARCH, type Arch, ARCHS } from "../../config/archs.ts";
import type { Tool, ToolNeed } from "./tool.ts";

const hasForeignGuests = (need: ToolNeed) => need.guestArchs.some((arch) => arch !== need.arch);
const runsUnshared = (need: ToolNeed) => need.os === "linux" && !need.isRoot;

/** An emulator of single foreign programs, which binfmt_misc starts. */
function programEmulator(arch: Arch): Tool {
  const { user } = ARCH[arch].qemu;
  return {
    name: `${user}-static`,
    programs: [`${user}-static`, user],
    groups: ["binfmt"],
    purpose: `runs ${arch} package scripts while an image is built`,
    versionArgs: ["--version"],
    packages: { apt: "qemu-user-static", dnf: "qemu-user-static", pacman: "qemu-user-static" },
    // Without root no rule can be registered; such images configure themselves at first boot.
    neededIf: (need) =>
      need.os === "linux" && need.isRoot && arch !== need.arch && need.guestArchs.includes(arch),
  };
}

/** What builds the guests' images. */
export const IMAGE_TOOLS: readonly Tool[] = [
  {
    name: "mmdebstrap",
    programs: ["mmdebstrap"],
    groups: ["image"],
    purpose: "installs Debian into a directory",
    versionArgs: ["--version"],
    minimum: "1.0",
    packages: { apt: "mmdebstrap", dnf: "mmdebstrap", nix: "mmdebstrap" },
  },
  {
    name: "debian-archive-keyring",
    programs: ["/usr/share/keyrings/debian-archive-keyring.gpg"],
    groups: ["image", "parts"],
    purpose: "verifies Debian's packages",
    packages: {
      apt: "debian-archive-keyring",
      dnf: "debian-keyring",
      pacman: "debian-archive-keyring",
    },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "gpg",
    programs: ["gpg"],
    groups: ["image", "parts"],
    purpose: "tells apt which keys are Debian's",
    packages: { apt: "gpg", dnf: "gnupg2", pacman: "gnupg", nix: "gnupg" },
    // Debian's own apt trusts them anyway.
    neededIf: (need) => need.os === "linux" && need.distroId !== "debian",
  },
  {
    name: "zstd",
    programs: ["zstd"],
    groups: ["image"],
    purpose: "packs what mmdebstrap has installed",
    versionArgs: ["--version"],
    packages: { apt: "zstd", dnf: "zstd", pacman: "zstd", nix: "zstd" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "arch-test",
    programs: ["arch-test"],
    groups: ["image"],
    purpose: "mmdebstrap asks it about foreign architectures",
    packages: { apt: "arch-test", dnf: "arch-test" },
    neededIf: hasForeignGuests,
  },
  {
    name: "dpkg-deb",
    programs: ["dpkg-deb"],
    groups: ["image", "parts"],
    purpose: "unpacks kernel packages",
    versionArgs: ["--version"],
    versionPattern: /version (\d+(?:\.\d+)+)/,
    packages: { apt: "dpkg", brew: "dpkg", dnf: "dpkg", pacman: "dpkg", nix: "dpkg" },
  },
  {
    name: "depmod",
    programs: ["depmod"],
    groups: ["image", "parts"],
    purpose: "indexes the modules of a guest's kernel",
    packages: { apt: "kmod", dnf: "kmod", pacman: "kmod", nix: "kmod" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "mke2fs",
    programs: ["mke2fs"],
    groups: ["image", "vm"],
    purpose: "makes file systems: of images, and of build caches",
    versionArgs: ["-V"],
    minimum: "1.43", // the first with -d
    packages: {
      apt: "e2fsprogs",
      brew: "e2fsprogs",
      dnf: "e2fsprogs",
      pacman: "e2fsprogs",
      nix: "e2fsprogs",
    },
  },
  {
    name: "mount",
    programs: ["mount"],
    groups: ["image"],
    purpose: "mounts what package scripts expect",
    packages: { apt: "mount", dnf: "util-linux", pacman: "util-linux", nix: "util-linux" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "unshare",
    programs: ["unshare"],
    groups: ["image"],
    purpose: "gives an image's build mounts of its own; builds images without root",
    versionArgs: ["--version"],
    minimum: "2.38", // the first with --map-auto
    packages: { apt: "util-linux", dnf: "util-linux", pacman: "util-linux", nix: "util-linux" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "xorriso",
    programs: ["xorriso", "genisoimage", "mkisofs", "hdiutil", "mformat"],
    groups: ["seed"],
    purpose: "makes the disk from which a downloaded system is set up",
    packages: {
      apt: "xorriso",
      brew: "xorriso",
      dnf: "xorriso",
      pacman: "libisoburn",
      nix: "xorriso",
    },
  },
  {
    name: "newuidmap",
    programs: ["newuidmap"],
    groups: ["image"],
    purpose: "builds images without root",
    packages: { apt: "uidmap", dnf: "shadow-utils", pacman: "shadow", nix: "shadow" },
    neededIf: runsUnshared,
  },
  ...ARCHS.map(programEmulator),
];
