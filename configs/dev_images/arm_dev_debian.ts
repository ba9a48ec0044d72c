import { APPEND, PACKAGES, SUITE } from "../platforms/_debian.ts";
import { definePlatform } from "../../lib/config/platform.ts";

/** What the dev guest has besides what builds CMake projects. */
const DEV_PACKAGES = [
  // A whole system, where a build guest has only what a build takes.
  ...["udev", "dbus", "procps", "less", "nano", "xz-utils"],
  // nix-shell, nix-collect-garbage, and the environment of a directory.
  ...["nix-bin", "direnv"],
];

/**
 * The image that Debian guests are copies of. It is made like those of platforms, but is no
 * platform: nothing is built in it. Debian's generic kernel has what the cloud kernel lacks (9p,
 * virtiofs, a power button, graphics).
 */
export default definePlatform({
  name: "arm-dev-debian",
  os: "linux",
  arch: "aarch64",
  diskImage: "arm-dev-debian/disk.qcow2",
  kernel: "arm-dev-debian/vmlinuz",
  initramfs: "arm-dev-debian/initramfs",
  append: `console=ttyAMA0 ${APPEND}`,
  machine: "virt",
  image: {
    kind: "debian",
    suite: SUITE,
    debArch: "arm64",
    packages: [...PACKAGES, ...DEV_PACKAGES],
    kernelPackage: "linux-image-arm64",
    diskGiB: 8,
    provision: "provision/arm_dev_debian.sh",
  },
});
