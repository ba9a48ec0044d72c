/** What the Debian platforms share. */

/** The release that all Debian guests run. */
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
  ...["root=/dev/vda", "rw", "quiet", "net.ifnames=0"],
  ...["mitigations=off", "nokaslr", "audit=0", "apparmor=0", "cryptomgr.notests"],
  ...["random.trust_cpu=on", "rcupdate.rcu_expedited=1", "norandmaps"],
  ...["systemd.show_status=no", "systemd.log_level=warning"],
].join(" ");

/** Runs in the guest when its image is made, relative to the checkout. */
export const PROVISION = "provision/debian.sh";
