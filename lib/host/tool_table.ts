import { DEB_ARCH } from "../config/archs.ts";
import type { HostFacts, PackageManager } from "./facts.ts";
import type { GuestArch } from "./probe_image.ts";

/** What a set of tools is for. */
export type ToolGroup =
  | "native"
  | "image"
  | "binfmt"
  | "vm"
  | "rust"
  | "kernel"
  | "parts"
  | "nixos"
  | "test"
  | "browser";

/** The circumstances that decide which tools a group takes. */
export interface ToolNeed extends Pick<HostFacts, "os" | "arch" | "distroId" | "isRoot"> {
  /** The architectures of the guests to build, or to boot. */
  readonly guestArchs: readonly GuestArch[];
}

/** A program, or a file, that tasks need on the host. */
export interface Tool {
  /** As users know it. */
  readonly name: string;
  /** Any of these will do; an absolute path is a file that need not be a program. */
  readonly programs: readonly string[];
  readonly groups: readonly ToolGroup[];
  /** What a task does with it. */
  readonly purpose: string;
  /** How to ask for the version; a tool without them is only looked for. */
  readonly versionArgs?: readonly string[];
  /** Its first group is the version (default: the first number with dots). */
  readonly versionPattern?: RegExp;
  /** The lowest version that works. */
  readonly minimum?: string;
  /** The package that has it. A manager that is not listed has none. */
  readonly packages: Readonly<Partial<Record<PackageManager, string>>>;
  /** A command in place of a package, where the host's maker ships the tool. */
  readonly command?: Readonly<Partial<Record<PackageManager, readonly string[]>>>;
  /** Whether it is needed at all (default: always). */
  readonly neededIf?: (need: ToolNeed) => boolean;
}

const hasForeignGuests = (need: ToolNeed) => need.guestArchs.some((arch) => arch !== need.arch);
const runsUnshared = (need: ToolNeed) => need.os === "linux" && !need.isRoot;
const XCODE = { brew: ["xcode-select", "--install"] } as const;

/** Browsers that all take the options of the first. */
export const BROWSERS: readonly string[] = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];

/** An emulator of whole machines. 7.2 is the oldest that the guests are tested with. */
function systemEmulator(arch: GuestArch, packages: Tool["packages"]): Tool {
  return {
    name: `qemu-system-${arch}`,
    programs: [`qemu-system-${arch}`],
    groups: ["vm"],
    purpose: `boots ${arch} guests`,
    versionArgs: ["--version"],
    versionPattern: /version (\d+(?:\.\d+)+)/,
    minimum: "7.2",
    packages: { ...packages, brew: "qemu", nix: "qemu" },
    neededIf: (need) => need.guestArchs.includes(arch),
  };
}

/** An emulator of single foreign programs, which binfmt_misc starts. */
function programEmulator(arch: GuestArch): Tool {
  return {
    name: `qemu-${arch}-static`,
    programs: [`qemu-${arch}-static`, `qemu-${arch}`],
    groups: ["binfmt"],
    purpose: `runs ${arch} package scripts while an image is built`,
    versionArgs: ["--version"],
    packages: { apt: "qemu-user-static", dnf: "qemu-user-static", pacman: "qemu-user-static" },
    // Without root no rule can be registered; such images configure themselves at first boot.
    neededIf: (need) =>
      need.os === "linux" && need.isRoot && arch !== need.arch && need.guestArchs.includes(arch),
  };
}

/** A variable that only some permission sets cover; the others do not look for what it moves. */
function variable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** A folder of rustup's default toolchain, by the variables that may move it. */
function rustupLibrary(target: string): string {
  const home = variable("RUSTUP_HOME") || `${variable("HOME") || "/root"}/.rustup`;
  const host = `${Deno.build.arch}-unknown-linux-gnu`;
  return `${home}/toolchains/stable-${host}/lib/rustlib/${target}/lib`;
}

/**
 * A program of the system's own Rust toolchain: what rustup has put earlier on the PATH lacks the
 * other architecture, and may be of any version.
 */
function rustTool(
  name: string,
  group: ToolGroup,
  purpose: string,
  packages: Tool["packages"],
): Tool {
  const folders = ["/usr/bin", "/opt/homebrew/bin", "/nix/var/nix/profiles/default/bin"];
  const programs = folders.map((folder) => `${folder}/${name}`);
  return { name, programs, groups: [group], purpose, packages };
}

/** Rust's standard library for guests of an architecture: Debian's, or what rustup has added. */
function rustLibrary(arch: GuestArch): Tool {
  return {
    name: `rust-std-${arch}`,
    programs: [
      `/usr/lib/rustlib/${arch}-unknown-linux-gnu/lib`,
      rustupLibrary(`${arch}-unknown-linux-musl`),
    ],
    groups: ["rust"],
    purpose: `compiles programs for ${arch} guests`,
    packages: { apt: `libstd-rust-web-dev:${DEB_ARCH[arch]}` },
    command: { brew: ["rustup", "target", "add", `${arch}-unknown-linux-musl`] },
    neededIf: (need) => need.guestArchs.includes(arch),
  };
}

/** A C compiler for an architecture that is not the host's. */
function crossCompiler(arch: GuestArch): Tool {
  const name = `${arch}-linux-gnu-gcc`;
  const debian = `gcc-${arch.replace("_", "-")}-linux-gnu`;
  return {
    name,
    programs: [name],
    groups: ["rust", "kernel"],
    purpose: `links and compiles for ${arch} guests`,
    versionArgs: ["--version"],
    packages: { apt: debian, dnf: debian, pacman: `${arch}-linux-gnu-gcc` },
    neededIf: (need) => need.os === "linux" && need.guestArchs.includes(arch) && arch !== need.arch,
  };
}

/** The C library to link statically with, for an architecture that is not the host's. */
function crossLibrary(arch: GuestArch): Tool {
  return {
    name: `libc-${arch}`,
    programs: [`/usr/${arch}-linux-gnu/lib/libc.a`],
    groups: ["rust"],
    purpose: `is linked into programs for ${arch} guests`,
    packages: { apt: `libc6-dev-${DEB_ARCH[arch]}-cross`, dnf: `glibc-${arch}-linux-gnu` },
    neededIf: (need) =>
      need.distroId === "debian" && need.guestArchs.includes(arch) && arch !== need.arch,
  };
}

/** A program that the kernel's Makefiles call. */
function kernelTool(name: string, purpose: string, packages: Tool["packages"]): Tool {
  return { name, programs: [name], groups: ["kernel"], purpose, packages };
}

/** Every tool, in the order in which `check` lists them. */
export const TOOLS: readonly Tool[] = [
  {
    name: "cmake",
    programs: ["cmake"],
    groups: ["native"],
    purpose: "builds on the host",
    versionArgs: ["--version"],
    minimum: "3.13", // the first with -S and -B
    packages: { apt: "cmake", brew: "cmake", dnf: "cmake", pacman: "cmake", nix: "cmake" },
  },
  {
    name: "c++",
    programs: ["c++", "g++", "clang++"],
    groups: ["native"],
    purpose: "compiles on the host",
    versionArgs: ["--version"],
    versionPattern: /(?:\) |version )(\d+(?:\.\d+)+)/,
    packages: { apt: "g++", dnf: "gcc-c++", pacman: "gcc", nix: "gcc" },
    command: XCODE,
  },
  {
    name: "make",
    programs: ["make", "gmake"],
    groups: ["native"],
    purpose: "builds on the host",
    versionArgs: ["--version"],
    packages: { apt: "make", dnf: "make", pacman: "make", nix: "gnumake" },
    command: XCODE,
  },
  {
    name: "mmdebstrap",
    programs: ["mmdebstrap"],
    groups: ["image"],
    purpose: "installs Debian into a folder",
    versionArgs: ["--version"],
    minimum: "1.0",
    packages: { apt: "mmdebstrap", dnf: "mmdebstrap", nix: "mmdebstrap" },
  },
  {
    name: "debian-archive-keyring",
    programs: ["/usr/share/keyrings/debian-archive-keyring.gpg"],
    groups: ["image"],
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
    groups: ["image"],
    purpose: "tells apt which keys are Debian's",
    packages: { apt: "gpg", dnf: "gnupg2", pacman: "gnupg", nix: "gnupg" },
    // Debian's own apt trusts them anyway.
    neededIf: (need) => need.os === "linux" && need.distroId !== "debian",
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
    groups: ["image"],
    purpose: "unpacks kernel packages",
    versionArgs: ["--version"],
    versionPattern: /version (\d+(?:\.\d+)+)/,
    packages: { apt: "dpkg", brew: "dpkg", dnf: "dpkg", pacman: "dpkg", nix: "dpkg" },
  },
  {
    name: "depmod",
    programs: ["depmod"],
    groups: ["image"],
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
    purpose: "builds images without root",
    versionArgs: ["--version"],
    minimum: "2.38", // the first with --map-auto
    packages: { apt: "util-linux", dnf: "util-linux", pacman: "util-linux", nix: "util-linux" },
    neededIf: runsUnshared,
  },
  {
    name: "newuidmap",
    programs: ["newuidmap"],
    groups: ["image"],
    purpose: "builds images without root",
    packages: { apt: "uidmap", dnf: "shadow-utils", pacman: "shadow", nix: "shadow" },
    neededIf: runsUnshared,
  },
  programEmulator("x86_64"),
  programEmulator("aarch64"),
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
  systemEmulator("x86_64", {
    apt: "qemu-system-x86",
    dnf: "qemu-system-x86",
    pacman: "qemu-system-x86",
  }),
  systemEmulator("aarch64", {
    apt: "qemu-system-arm",
    dnf: "qemu-system-aarch64",
    pacman: "qemu-system-aarch64",
  }),
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
  rustTool("cargo", "rust", "compiles what runs in microVMs", {
    ...{ apt: "cargo-web", brew: "rustup", dnf: "cargo", pacman: "rust", nix: "cargo" },
  }),
  rustLibrary("x86_64"),
  rustLibrary("aarch64"),
  crossCompiler("x86_64"),
  crossCompiler("aarch64"),
  crossLibrary("x86_64"),
  crossLibrary("aarch64"),
  {
    name: "gcc",
    programs: ["gcc"],
    groups: ["rust", "kernel"],
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
  {
    name: "u-boot",
    programs: ["/usr/lib/u-boot/qemu_arm64/u-boot.bin"],
    groups: ["nixos", "test"],
    purpose: "boots NixOS guests",
    packages: { apt: "u-boot-qemu" },
    // Elsewhere it comes from the farm that builds NixOS.
    neededIf: (need) => need.os === "linux" && need.distroId === "debian",
  },
  {
    name: "ps",
    programs: ["ps"],
    groups: ["test"],
    purpose: "finds what a test has left behind",
    packages: { apt: "procps", dnf: "procps-ng", pacman: "procps-ng" },
  },
  {
    name: "git",
    programs: ["git"],
    groups: ["test"],
    purpose: "makes work trees for tests",
    versionArgs: ["--version"],
    packages: { apt: "git", brew: "git", dnf: "git-core", pacman: "git", nix: "git" },
  },
  {
    name: "dpkg-source",
    programs: ["dpkg-source"],
    groups: ["test"],
    purpose: "unpacks the projects that tests build",
    versionArgs: ["--version"],
    packages: { apt: "dpkg-dev", dnf: "dpkg-dev", nix: "dpkg" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "mkfs.vfat",
    programs: ["mkfs.vfat", "/usr/sbin/mkfs.vfat"],
    groups: ["test"],
    purpose: "makes the firmware partition of a disk that is like NixOS's",
    packages: { apt: "dosfstools", dnf: "dosfstools", pacman: "dosfstools", nix: "dosfstools" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "nix-instantiate",
    programs: ["nix-instantiate"],
    groups: ["test"],
    purpose: "evaluates the NixOS guest's configuration",
    versionArgs: ["--version"],
    minimum: "2.6", // the first with builtins.zipAttrsWith
    packages: { apt: "nix-bin", nix: "nix" },
    neededIf: (need) => need.os === "linux",
  },
  {
    name: "script",
    programs: ["script"],
    groups: ["test"],
    purpose: "gives tasks a terminal in tests",
    packages: { apt: "bsdutils", dnf: "util-linux", pacman: "util-linux", nix: "util-linux" },
    neededIf: (need) => need.os === "linux",
  },
  rustTool("cargo-clippy", "test", "finds faults in what runs in microVMs", {
    ...{ apt: "rust-web-clippy", dnf: "clippy", pacman: "rust", nix: "clippy" },
  }),
  rustTool("rustfmt", "test", "checks the format of what runs in microVMs", {
    ...{ apt: "rustfmt-web", dnf: "rustfmt", pacman: "rust", nix: "rustfmt" },
  }),
  {
    name: "zsh",
    programs: ["zsh"],
    groups: ["test"],
    purpose: "runs its completion script in tests",
    packages: { apt: "zsh", brew: "zsh", dnf: "zsh", pacman: "zsh", nix: "zsh" },
  },
  {
    name: "fish",
    programs: ["fish"],
    groups: ["test"],
    purpose: "runs its completion script in tests",
    packages: { apt: "fish", brew: "fish", dnf: "fish", pacman: "fish", nix: "fish" },
  },
  {
    name: "chromium",
    programs: BROWSERS,
    groups: ["browser"],
    purpose: "shows to tests the pages that tasks write",
    packages: { apt: "chromium", dnf: "chromium", pacman: "chromium", nix: "chromium" },
    // Ubuntu's package is a snap, which containers cannot run.
    neededIf: (need) => need.os === "linux" && need.distroId !== "ubuntu",
  },
];

/** Every group, in the order in which `check` lists them. */
export const TOOL_GROUPS: readonly ToolGroup[] = [
  "native",
  "image",
  "binfmt",
  "vm",
  "rust",
  "kernel",
  "parts",
  "test",
  "browser",
];

/** What only Linux can do; elsewhere images come from a Linux machine, as finished files. */
export const IMAGE_GROUPS: readonly ToolGroup[] = [
  "image",
  "binfmt",
  "kernel",
  "parts",
];

const TASK_GROUPS: Readonly<Record<string, readonly ToolGroup[]>> = {
  "build-all": ["native", "image", "binfmt", "vm"],
  "setup-images": ["image", "binfmt", "vm"],
  "build-vm": ["vm"],
  "vm-run": ["vm"],
  "check-images": ["vm"],
  "vm-ssh": ["vm"],
  "arm-dev-init": ["image", "binfmt", "vm"],
  "arm-dev": ["vm"],
  "arm-dev-ssh": ["vm"],
  "build-native": ["native"],
  "test": ["native", "image", "binfmt", "vm", "rust", "parts", "test", "browser"],
  "bench": ["image", "binfmt", "vm"],
  "build-images": ["rust", "kernel", "parts", "image", "binfmt"],
  "build-guest-agent": ["rust"],
  "build-tiny-init": ["rust"],
  "extract-kernel": ["parts"],
  "build-kernel": ["kernel", "parts"],
  "build-initramfs": ["rust", "parts"],
  "build-qcow2": ["rust", "parts", "image", "binfmt"],
};

/** The tasks that need any tools. */
export const TOOL_TASKS: readonly string[] = Object.keys(TASK_GROUPS);

/**
 * The groups that a task needs on a host; none for a task that is not known. Where images
 * cannot be built, only `setup-images` asks for what that takes.
 */
export function groupsForTask(task: string, os: HostFacts["os"]): readonly ToolGroup[] {
  const groups = TASK_GROUPS[task] ?? [];
  if (os === "linux" || task === "setup-images") return groups;
  return groups.filter((group) => !IMAGE_GROUPS.includes(group));
}
