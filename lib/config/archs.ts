// Longer than other files, since an architecture is one row of this one table.

/** How a virtio device is attached: by PCI, as a platform device, or by s390's channels. */
export type Transport = "pci" | "mmio" | "ccw";

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
  readonly rust: {
    readonly name: string;
    /** Where rustup has its standard library. */
    readonly musl?: string;
    readonly gnu: string;
  };
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
    /** The machine that a system boots on, and how its devices are attached. */
    readonly machine: string;
    readonly transport: Transport;
    /** The CPU of emulated guests: `max`, without features that only slow down memory accesses. */
    readonly cpu: string;
    /** The CPU on which an image configures itself, which is part of its key. */
    readonly firstBootCpu: string;
    /** The hosts whose hypervisor runs its guests, as `Deno.build.arch` has them. */
    readonly hypervisors: readonly string[];
    /** `false` where its emulated guests often hang once they are restored, so they always boot. */
    readonly restores?: false;
    /** What QEMU starts a machine with and Debian has in a package of its own: file and package. */
    readonly monitor?: { readonly file: string; readonly apt: string };
  };
  /** The first serial port, as the kernel names it. */
  readonly console: string;
  /** UEFI firmware: where distributions put EDK II's files, best first; without Secure Boot. */
  readonly firmware?: {
    readonly places: readonly (readonly [code: string, vars: string])[];
    /**
     * Names of the files that QEMU itself ships; Debian leaves them out, Homebrew and Nix do not.
     */
    readonly shipped: readonly [code: string, vars: string];
    /** The packages to install if it is missing, by package manager. */
    readonly packages: string;
  };
  /** What its kernel's package calls the file that QEMU boots, before the version. */
  readonly kernelFile: "vmlinuz" | "vmlinux";
  /** For microVMs, where they run on it. */
  readonly micro?: MicroRow;
}

/** What microVMs of an architecture are. */
interface MicroRow {
  readonly kernel: {
    /** Its name in the Makefile of Linux. */
    readonly make: string;
    /** The targets of the Makefile: one for boot loaders, and an ELF file if QEMU boots one. */
    readonly image: string;
    readonly elf?: string;
    /** The magic number of an image, and its offset. */
    readonly magic: { readonly text: string; readonly at: number };
  };
  /** Machines by kernel. */
  readonly machines: { readonly micro: Machine; readonly distribution: Machine };
  /** Words of the kernel's command line. */
  readonly append: readonly string[];
}

/**
 * Without five-level page tables, the kernel's protection from its own mistakes with user
 * memory, and the hints that copying by the byte (`rep movsb`) is fast. Both of those: with
 * fsrm alone, which QEMU 10.0 emulates and 7.2 does not, Linux 6.1 hangs as it starts.
 */
const PC_CPU = "max,la57=off,smep=off,smap=off,erms=off,fsrm=off";

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
      transport: "pci",
      cpu: PC_CPU,
      firstBootCpu: "max",
      hypervisors: ["x86_64"],
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
    kernelFile: "vmlinuz",
    micro: {
      kernel: {
        make: "x86_64",
        image: "arch/x86/boot/bzImage",
        // It starts without unpacking itself.
        elf: "vmlinux",
        magic: { text: "HdrS", at: 0x202 }, // Documentation/arch/x86/boot.rst
      },
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
      transport: "pci",
      // Without pointer authentication with the architecture's own cipher, which halves the speed.
      cpu: "max,pauth-impdef=on",
      firstBootCpu: "max,pauth-impdef=on",
      hypervisors: ["aarch64"],
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
    kernelFile: "vmlinuz",
    micro: {
      kernel: {
        make: "arm64",
        image: "arch/arm64/boot/Image",
        magic: { text: "ARM\x64", at: 56 }, // Documentation/arm64/booting.rst
      },
      machines: {
        micro: { machine: "virt", transport: "mmio" },
        distribution: { machine: "virt", transport: "mmio" },
      },
      append: [],
    },
  },
  armv7: {
    debian: "armhf",
    uname: "armv7l",
    node: "arm",
    gnu: "arm-linux-gnueabihf",
    gnuPackage: "arm-linux-gnueabihf",
    rust: {
      name: "arm",
      musl: "armv7-unknown-linux-musleabihf",
      gnu: "armv7-unknown-linux-gnueabihf",
    },
    elf: { machine: 40, bits: 32, byteOrder: "little" },
    qemu: {
      system: "qemu-system-arm",
      packages: { apt: "qemu-system-arm", dnf: "qemu-system-arm", pacman: "qemu-system-arm" },
      user: "qemu-arm",
      machine: "virt",
      transport: "pci",
      cpu: "max",
      firstBootCpu: "max",
      hypervisors: [],
    },
    console: "ttyAMA0",
    kernelFile: "vmlinuz",
  },
  i686: {
    debian: "i386",
    uname: "i686",
    node: "ia32",
    gnu: "i686-linux-gnu",
    gnuPackage: "i686-linux-gnu",
    rust: { name: "x86", musl: "i686-unknown-linux-musl", gnu: "i686-unknown-linux-gnu" },
    elf: { machine: 3, bits: 32, byteOrder: "little" },
    qemu: {
      // The 64-bit one runs 32-bit kernels too, and hypervisors run them on its machine.
      system: "qemu-system-x86_64",
      packages: { apt: "qemu-system-x86", dnf: "qemu-system-x86", pacman: "qemu-system-x86" },
      user: "qemu-i386",
      machine: "q35",
      transport: "pci",
      cpu: PC_CPU,
      firstBootCpu: "max",
      hypervisors: ["x86_64"],
    },
    console: "ttyS0",
    kernelFile: "vmlinuz",
  },
  ppc64le: {
    debian: "ppc64el",
    uname: "ppc64le",
    node: "ppc64",
    gnu: "powerpc64le-linux-gnu",
    gnuPackage: "powerpc64le-linux-gnu",
    rust: { name: "powerpc64", gnu: "powerpc64le-unknown-linux-gnu" },
    elf: { machine: 21, bits: 64, byteOrder: "little" },
    qemu: {
      system: "qemu-system-ppc64",
      packages: { apt: "qemu-system-ppc", dnf: "qemu-system-ppc", pacman: "qemu-system-ppc" },
      user: "qemu-ppc64le",
      machine: "pseries",
      transport: "pci",
      cpu: "power9",
      // With QEMU 7.2, most snapshots never answer: not with XICS, nor when saved idle, either.
      restores: false,
      firstBootCpu: "power9",
      hypervisors: [],
    },
    console: "hvc0",
    kernelFile: "vmlinux",
  },
  s390x: {
    debian: "s390x",
    uname: "s390x",
    node: "s390x",
    gnu: "s390x-linux-gnu",
    gnuPackage: "s390x-linux-gnu",
    rust: { name: "s390x", gnu: "s390x-unknown-linux-gnu" },
    elf: { machine: 22, bits: 64, byteOrder: "big" },
    qemu: {
      system: "qemu-system-s390x",
      packages: { apt: "qemu-system-misc", dnf: "qemu-system-s390x", pacman: "qemu-system-s390x" },
      user: "qemu-s390x",
      machine: "s390-ccw-virtio",
      transport: "ccw",
      cpu: "max",
      firstBootCpu: "max",
      hypervisors: [],
    },
    console: "ttysclp0",
    kernelFile: "vmlinuz",
  },
  riscv64: {
    debian: "riscv64",
    uname: "riscv64",
    node: "riscv64",
    gnu: "riscv64-linux-gnu",
    gnuPackage: "riscv64-linux-gnu",
    rust: {
      name: "riscv64",
      musl: "riscv64gc-unknown-linux-musl",
      gnu: "riscv64gc-unknown-linux-gnu",
    },
    elf: { machine: 243, bits: 64, byteOrder: "little" },
    qemu: {
      system: "qemu-system-riscv64",
      packages: {
        ...{ apt: "qemu-system-misc", dnf: "qemu-system-riscv", pacman: "qemu-system-riscv" },
      },
      user: "qemu-riscv64",
      machine: "virt",
      transport: "pci",
      // Without the supervisor's own timer, which QEMU 7.2 does not set again in a restored guest.
      cpu: "rv64,sstc=off",
      firstBootCpu: "rv64",
      hypervisors: [],
      monitor: {
        file: "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
        apt: "opensbi",
      },
    },
    console: "ttyS0",
    kernelFile: "vmlinux",
  },
} as const satisfies Readonly<Record<string, ArchRow>>;

export type Arch = keyof typeof ROWS;

/** The one table of architectures: another one is a row here. */
export const ARCH: Readonly<Record<Arch, ArchRow>> = ROWS;

export const ARCHS = Object.keys(ROWS) as readonly Arch[];

/** Those that microVMs run on. */
export const MICRO_ARCHS: readonly Arch[] = ARCHS.filter((arch) => ARCH[arch].micro !== undefined);

/** What microVMs of an architecture are. Throws `RangeError` where there are none. */
export function microRow(arch: Arch): MicroRow {
  const { micro } = ARCH[arch];
  if (micro === undefined) throw new RangeError(`there are no microVMs of ${arch}`);
  return micro;
}

/** Whether QEMU boots the kernel of an architecture's microVMs as the ELF file that it is linked to. */
export const hasElfKernel = (arch: Arch): boolean => ARCH[arch].micro?.kernel.elf !== undefined;
