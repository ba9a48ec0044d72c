/** What the Debian platforms share. */
import { definePlatform, type Platform, type PlatformInput } from "../../lib/config/platform.ts";

/** The release that guests run unless they need a newer one. */
export const SUITE = "bookworm";

/** Debian packages of a guest that builds CMake projects in C++. */
export const PACKAGES: readonly string[] = [
  // The system: what boots, answers and takes the sources.
  ...["systemd-sysv", "kmod", "iproute2", "openssh-server", "sudo", "rsync"],
  // What most CMake projects need.
  ...["cmake", "g++", "make", "ninja-build", "ccache", "pkg-config", "python3"],
  // What fetches sources, and unpacks and mends them.
  ...["git", "ca-certificates", "curl", "unzip", "patch", "file"],
  // Graphics and terminal libraries.
  ...["libx11-dev", "libxext-dev", "libncurses-dev"],
];

/**
 * The kernel's command line but for the console. The guest is thrown away and runs nobody else's
 * code, so what protects programs from each other is left out: under emulation it costs seconds.
 * Above all programs at random places: QEMU keeps translated code by its address, so without
 * `norandmaps` a compiler is translated again each time it runs.
 */
export const APPEND = [
  // For the initramfs (docs/tiny-init.md): QEMU's user network gives fixed addresses.
  ...["guesthouse.address=10.0.2.15/24", "guesthouse.gateway=10.0.2.2"],
  ...["guesthouse.root=disk0", "rw", "quiet", "net.ifnames=0"],
  ...["mitigations=off", "nokaslr", "audit=0", "apparmor=0", "cryptomgr.notests"],
  ...["random.trust_cpu=on", "rcupdate.rcu_expedited=1", "norandmaps"],
  ...["systemd.show_status=no", "systemd.log_level=warning"],
].join(" ");

/** In what one Debian platform differs from another. */
interface DebianInput extends Pick<PlatformInput, "name" | "arch" | "powerdown" | "setUp"> {
  /** Debian's name for the architecture. */
  readonly debArch: Extract<PlatformInput["image"], { kind: "debian" }>["debArch"];
  /** The first serial port, as the kernel names it. */
  readonly console: string;
  readonly kernelPackage: string;
  /** Default: Debian 12. */
  readonly suite?: string;
  /** More words of the kernel's command line. */
  readonly append?: string;
  readonly bootMs?: number;
}

/** A Debian platform. */
export const debian = (
  { name, debArch, console, kernelPackage, suite = SUITE, append, bootMs, ...own }: DebianInput,
): Platform =>
  definePlatform({
    ...own,
    name,
    os: "linux",
    diskImage: `${name}/disk.qcow2`,
    kernel: `${name}/vmlinuz`,
    initramfs: `${name}/initramfs`,
    append: [`console=${console}`, append, APPEND].filter(Boolean).join(" "),
    // A tenth of the processes that make starts, each of which is dear under emulation.
    cmakeGenerator: "Ninja",
    memoryMiB: 2048,
    cores: 2,
    image: {
      kind: "debian",
      suite,
      debArch,
      packages: PACKAGES,
      kernelPackage,
      diskGiB: 8,
      // Runs in the guest when its image is made, relative to the checkout.
      provision: "provision/debian.sh",
    },
    timeouts: bootMs === undefined ? {} : { bootMs },
  });
