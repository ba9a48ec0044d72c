import { definePlatform } from "../../lib/config/platform.ts";
import { DISK_GIB, MIRROR, PACKAGES, RELEASE, TIMEOUTS } from "./_netbsd.ts";

/** NetBSD 10 on 64-bit ARM. */
export default definePlatform({
  name: "netbsd-arm64",
  os: "netbsd",
  arch: "aarch64",
  diskImage: "netbsd-arm64/disk.qcow2",
  machine: "virt",
  memoryMiB: 2048,
  cores: 2,
  powerdown: "ssh",
  timeouts: TIMEOUTS,
  image: {
    kind: "netbsd",
    source: {
      url: `${MIRROR}/NetBSD-${RELEASE}/evbarm-aarch64/binary/gzimg/arm64.img.gz`,
      format: "raw",
      checksums: {
        url: `${MIRROR}/NetBSD-${RELEASE}/evbarm-aarch64/binary/gzimg/SHA512`,
        algorithm: "sha512",
      },
    },
    firmware: "uefi",
    packages: PACKAGES,
    diskGiB: DISK_GIB,
  },
});
