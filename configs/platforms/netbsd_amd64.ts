import { definePlatform } from "../../lib/config/platform.ts";
import { DISK_GIB, MIRROR, PACKAGES, RELEASE, TIMEOUTS } from "./_netbsd.ts";

/** NetBSD 10 on x86-64, from its live image. */
export default definePlatform({
  name: "netbsd-amd64",
  os: "netbsd",
  arch: "x86_64",
  diskImage: "netbsd-amd64/disk.qcow2",
  // Without graphics the firmware shows on the serial line what a boot loader writes to the screen.
  machine: "q35,graphics=off",
  memoryMiB: 2048,
  cores: 2,
  powerdown: "ssh",
  timeouts: TIMEOUTS,
  image: {
    kind: "netbsd",
    source: {
      url: `${MIRROR}/images/${RELEASE}/NetBSD-${RELEASE}-amd64-live.img.gz`,
      format: "raw",
      checksums: { url: `${MIRROR}/images/${RELEASE}/SHA512`, algorithm: "sha512" },
    },
    firmware: "bios",
    packages: PACKAGES,
    diskGiB: DISK_GIB,
  },
});
