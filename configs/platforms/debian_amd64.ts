import { definePlatform } from "../../lib/config/platform.ts";
import { APPEND, PACKAGES, PROVISION, SUITE } from "./_debian.ts";

/** Debian 12 on x86-64. */
export default definePlatform({
  name: "debian-amd64",
  os: "linux",
  arch: "x86_64",
  diskImage: "debian-amd64/disk.qcow2",
  kernel: "debian-amd64/vmlinuz",
  initramfs: "debian-amd64/initramfs",
  append: `console=ttyS0 tsc=reliable no_timer_check ${APPEND}`,
  // A tenth of the processes that make starts, each of which is dear under emulation.
  cmakeGenerator: "Ninja",
  machine: "q35",
  memoryMiB: 2048,
  cores: 2,
  image: {
    kind: "debian",
    suite: SUITE,
    debArch: "amd64",
    packages: PACKAGES,
    kernelPackage: "linux-image-cloud-amd64",
    diskGiB: 8,
    provision: PROVISION,
  },
});
