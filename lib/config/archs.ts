/** How a virtio device is attached: PCI on `q35` and `virt`, MMIO on `microvm`. */
export type Transport = "pci" | "mmio";

/** A machine of QEMU's, and how it attaches devices. */
interface Machine {
  readonly machine: string;
  readonly transport: Transport;
}

interface ArchRow {
  readonly debian: string;
  /** As `uname -m` has it in a guest, and as Node.js does. */
  readonly uname: string;
  readonly node: string;
  /** The GNU name, the prefix of compilers for it, and its form in Debian's package names. */
  readonly gnu: string;
  readonly gnuPackage: string;
  /** Rust's name (`std::env::consts::ARCH`), and its targets for static programs. */
  readonly rust: { readonly name: string; readonly musl: string; readonly gnu: string };
  /** The fields in the ELF header of its programs: `e_machine`, class and byte order. */
  readonly elf: {
    readonly machine: number;
    readonly bits: 32 | 64;
    readonly byteOrder: "little" | "big";
  };
  readonly qemu: {
    /** The program that emulates a machine, and its package by package manager. */
    readonly system: string;
    readonly packages: { readonly apt: string; readonly dnf: string; readonly pacman: string };
    /** The program that emulates single programs; a static one has `-static` at its end. */
    readonly user: string;
    /** The machine that a system boots on. */
    readonly machine: string;
    /** The CPU of emulated guests: `max`, without features that only slow down memory accesses. */
    readonly cpu: string;
    /** The CPU on which an image configures itself, which is part of its key. */
    readonly firstBootCpu: string;
  };
  /** The first serial port, as the kernel names it. */
  readonly console: string;
  /** UEFI firmware: where distributions put EDK II's files, best first; without Secure Boot. */
  readonly firmware: {
    readonly places: readonly (readonly [code: string, vars: string])[];
    /**
     * Names of the files that QEMU itself ships; Debian leaves them out, Homebrew and Nix do not.
     */
    readonly shipped: readonly [code: string, vars: string];
    /** The packages to install if it is missing, by package manager. */
    readonly packages: string;
  };
  readonly kernel: {
    /** Its name in the Makefile of Linux. */
    readonly make: string;
    /** The targets of the Makefile: one for boot loaders, and an ELF file if QEMU boots one. */
    readonly image: string;
    readonly elf?: string;
    /** The magic number of an image, and its offset. */
    readonly magic: { readonly text: string; readonly at: number };
  };
  /** Machines of microVMs by kernel, and words of their kernel's command line. */
  readonly micro: {
    readonly machines: { readonly micro: Machine; readonly distribution: Machine };
    readonly append: readonly string[];
  };
}

const ROWS = {
  x86_64: {
    debian: "amd64",
    uname: "x86_64",
    node: "x64",
    gnu: "x86_64-linux-gnu",
    gnuPackage: "x86-64-linux-gnu",
    rust: {
      name: "x86_64",
      musl: "x86_64-unknown-linux-musl",
      gnu: "x86_64-unknown-linux-gnu",
    },
    elf: { machine: 62, bits: 64, byteOrder: "little" },
    qemu: {
      system: "qemu-system-x86_64",
      packages: { apt: "qemu-system-x86", dnf: "qemu-system-x86", pacman: "qemu-system-x86" },
      user: "qemu-x86_64",
      machine: "q35",
      // Without five-level page tables, the kernel's protection from its own mistakes with user
      // memory, and the hints that copying by the byte (`rep movsb`) is fast. Both of those: with
      // fsrm alone, which QEMU 10.0 emulates and 7.2 does not, Linux 6.1 hangs as it starts.
      cpu: "max,la57=off,smep=off,smap=off,erms=off,fsrm=off",
      firstBootCpu: "max",
    },
    console: "ttyS0",
    firmware: {
      places: [
        ["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"], // Debian, Ubuntu
        ["/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"],
        ["/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"], // Fedora
        ["/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"], // Arch
      ],
      shipped: ["edk2-x86_64-code.fd", "edk2-i386-vars.fd"],
      packages: "ovmf (apt), edk2-ovmf (dnf, pacman), qemu (brew, nix)",
    },
    kernel: {
      make: "x86_64",
      image: "arch/x86/boot/bzImage",
      // It starts without unpacking itself.
      elf: "vmlinux",
      magic: { text: "HdrS", at: 0x202 }, // Documentation/arch/x86/boot.rst
    },
    micro: {
      machines: {
        micro: { machine: "microvm,acpi=off", transport: "mmio" },
        // Debian's kernel finds the devices of a microvm only through ACPI, and with ACPI the
        // machine has no timer to calibrate an emulated processor with (QEMU 7.2): it hangs.
        distribution: { machine: "q35", transport: "pci" },
      },
      append: ["reboot=t", "tsc=reliable", "no_timer_check"],
    },
  },
  aarch64: {
    debian: "arm64",
    uname: "aarch64",
    node: "arm64",
    gnu: "aarch64-linux-gnu",
    gnuPackage: "aarch64-linux-gnu",
    rust: {
      name: "aarch64",
      musl: "aarch64-unknown-linux-musl",
      gnu: "aarch64-unknown-linux-gnu",
    },
    elf: { machine: 183, bits: 64, byteOrder: "little" },
    qemu: {
      system: "qemu-system-aarch64",
      packages: {
        ...{ apt: "qemu-system-arm", dnf: "qemu-system-aarch64", pacman: "qemu-system-aarch64" },
      },
      user: "qemu-aarch64",
      machine: "virt",
      // Without pointer authentication with the architecture's own cipher, which halves the speed.
      cpu: "max,pauth-impdef=on",
      firstBootCpu: "max,pauth-impdef=on",
    },
    console: "ttyAMA0",
    firmware: {
      places: [
        ["/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"], // Debian, Ubuntu
        [
          "/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw", // Fedora
          "/usr/share/edk2/aarch64/vars-template-pflash.raw",
        ],
        ["/usr/share/edk2/aarch64/QEMU_CODE.fd", "/usr/share/edk2/aarch64/QEMU_VARS.fd"], // Arch
      ],
      shipped: ["edk2-aarch64-code.fd", "edk2-arm-vars.fd"],
      packages: "qemu-efi-aarch64 (apt), edk2-aarch64 (dnf, pacman), qemu (brew, nix)",
    },
    kernel: {
      make: "arm64",
      image: "arch/arm64/boot/Image",
      magic: { text: "ARM\x64", at: 56 }, // Documentation/arm64/booting.rst
    },
    micro: {
      machines: {
        micro: { machine: "virt", transport: "mmio" },
        distribution: { machine: "virt", transport: "mmio" },
      },
      append: [],
    },
  },
} as const satisfies Readonly<Record<string, ArchRow>>;

export type Arch = keyof typeof ROWS;

/** The one table of architectures: another one is a row here. */
export const ARCH: Readonly<Record<Arch, ArchRow>> = ROWS;

export const ARCHS = Object.keys(ROWS) as readonly Arch[];

/** Whether QEMU boots the kernel of an architecture as the ELF file that it is linked to. */
export const hasElfKernel = (arch: Arch): boolean => ARCH[arch].kernel.elf !== undefined;
