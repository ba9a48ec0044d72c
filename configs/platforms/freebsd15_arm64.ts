import { definePlatform } from "../../lib/config/platform.ts";
import { ARM64, DISK_GIB, PACKAGES, sourceOf, TIMEOUTS } from "./_freebsd.ts";

/** FreeBSD 15 on 64-bit ARM. */
export default definePlatform({
  name: "freebsd15-arm64",
  os: "freebsd",
  arch: "aarch64",
  diskImage: "freebsd15-arm64/disk.qcow2",
  machine: "virt",
  memoryMiB: 2048,
  cores: 2,
  powerdown: "ssh",
  timeouts: TIMEOUTS,
  image: {
    kind: "freebsd",
    source: sourceOf("15.0", ARM64),
    firmware: "uefi",
    packages: PACKAGES,
    diskGiB: DISK_GIB,
  },
});
