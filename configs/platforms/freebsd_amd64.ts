import { definePlatform } from "../../lib/config/platform.ts";
import { AMD64, DISK_GIB, PACKAGES, sourceOf, TIMEOUTS } from "./_freebsd.ts";

/** FreeBSD 14 on x86-64. */
export default definePlatform({
  name: "freebsd-amd64",
  os: "freebsd",
  arch: "x86_64",
  diskImage: "freebsd-amd64/disk.qcow2",
  machine: "q35",
  memoryMiB: 2048,
  cores: 2,
  powerdown: "ssh",
  timeouts: TIMEOUTS,
  image: {
    kind: "freebsd",
    source: sourceOf("14.3", AMD64),
    firmware: "uefi",
    packages: PACKAGES,
    diskGiB: DISK_GIB,
  },
});
