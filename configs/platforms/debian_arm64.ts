import { definePlatform } from "../../lib/config/platform.ts";
import { APPEND, PACKAGES, PROVISION, SUITE } from "./_debian.ts";

/** Debian 12 on 64-bit ARM. */
export default definePlatform({
  name: "debian-arm64",
  os: "linux",
  arch: "aarch64",
  diskImage: "debian-arm64/disk.qcow2",
  kernel: "debian-arm64/vmlinuz",
  initramfs: "debian-arm64/initramfs",
  append: `console=ttyAMA0 ${APPEND}`,
  // A tenth of the processes that make starts, each of which is dear under emulation.
  cmakeGenerator: "Ninja",
  machine: "virt",
  // The button of "virt" is a GPIO key; Debian's cloud kernel has no driver for those.
  powerdown: "ssh",
  memoryMiB: 2048,
  cores: 2,
  image: {
    kind: "debian",
    suite: SUITE,
    debArch: "arm64",
    packages: PACKAGES,
    kernelPackage: "linux-image-cloud-arm64",
    diskGiB: 8,
    provision: PROVISION,
  },
});
