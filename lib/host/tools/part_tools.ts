import { ARCH, type Arch, ARCHS } from "../../config/archs.ts";
import { COMPILING, RUST_TOOLS } from "./rust_tools.ts";
import type { Tool } from "./tool.ts";

/**
 * A C compiler for an architecture. By its path, for permission sets: Deno looks names up when it
 * starts, and `setup-images` installs this while it works.
 */
export const crossGcc = (arch: Arch): string => `/usr/bin/${ARCH[arch].gnu}-gcc`;

/** A C compiler for an architecture that is not the host's. */
function crossCompiler(arch: Arch): Tool {
  const { gnu, gnuPackage } = ARCH[arch];
  const name = `${gnu}-gcc`;
  const debian = `gcc-${gnuPackage}`;
  return {
    name,
    programs: [crossGcc(arch)],
    groups: [...COMPILING, "kernel"],
    purpose: `links and compiles for ${arch} guests`,
    versionArgs: ["--version"],
    packages: { apt: debian, dnf: debian, pacman: name },
    neededIf: (need) => need.os === "linux" && need.guestArchs.includes(arch) && arch !== need.arch,
  };
}

/** The C library to link statically with, for an architecture that is not the host's. */
function crossLibrary(arch: Arch): Tool {
  const { debian, gnu } = ARCH[arch];
  return {
    name: `libc-${arch}`,
    programs: [`/usr/${gnu}/lib/libc.a`],
    groups: COMPILING,
    purpose: `is linked into programs for ${arch} guests`,
    packages: { apt: `libc6-dev-${debian}-cross`, dnf: `glibc-${gnu}` },
    neededIf: (need) =>
      need.distroId === "debian" && need.guestArchs.includes(arch) && arch !== need.arch,
  };
}

/** A program that the kernel's Makefiles call. */
function kernelTool(name: string, purpose: string, packages: Tool["packages"]): Tool {
  return { name, programs: [name], groups: ["kernel"], purpose, packages };
}

/** What builds the parts of microVMs, and the init of every image. */
export const PART_TOOLS: readonly Tool[] = [
  ...RUST_TOOLS,
  ...ARCHS.map(crossCompiler),
  ...ARCHS.map(crossLibrary),
  {
    name: "gcc",
    programs: ["gcc"],
    groups: [...COMPILING, "kernel"],
    purpose: "links programs, and compiles kernels",
    versionArgs: ["--version"],
    versionPattern: /(?:\) |version )(\d+(?:\.\d+)+)/,
    packages: { apt: "gcc", dnf: "gcc", pacman: "gcc", nix: "gcc" },
    neededIf: (need) => need.os === "linux",
  },
  kernelTool("flex", "reads the kernel's configuration language", {
    ...{ apt: "flex", brew: "flex", dnf: "flex", pacman: "flex", nix: "flex" },
  }),
  kernelTool("bison", "reads the kernel's configuration language", {
    ...{ apt: "bison", brew: "bison", dnf: "bison", pacman: "bison", nix: "bison" },
  }),
  kernelTool("bc", "computes constants of the kernel", {
    ...{ apt: "bc", brew: "bc", dnf: "bc", pacman: "bc", nix: "bc" },
  }),
  {
    name: "xz",
    programs: ["xz"],
    groups: ["image", "kernel"],
    purpose: "unpacks the modules and the sources of kernels",
    packages: { apt: "xz-utils", brew: "xz", dnf: "xz", pacman: "xz", nix: "xz" },
  },
  {
    name: "libelf",
    programs: ["/usr/include/libelf.h"],
    groups: ["kernel"],
    purpose: "is what the kernel's own tools are built with",
    packages: { apt: "libelf-dev", dnf: "elfutils-libelf-devel", pacman: "libelf" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "apt-get",
    programs: ["apt-get"],
    groups: ["parts"],
    purpose: "downloads Debian's packages and checks their signatures",
    packages: { apt: "apt", dnf: "apt", pacman: "apt", nix: "apt" },
  },
  {
    name: "mkfs.erofs",
    programs: ["mkfs.erofs"],
    groups: ["parts"],
    purpose: "makes read-only file systems",
    packages: {
      apt: "erofs-utils",
      brew: "erofs-utils",
      dnf: "erofs-utils",
      pacman: "erofs-utils",
      nix: "erofs-utils",
    },
  },
];
