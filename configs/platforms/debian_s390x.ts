import { debian } from "./_debian.ts";

/** Debian 12 on IBM Z, which is big-endian. */
export default debian({
  name: "debian-s390x",
  arch: "s390x",
  debArch: "s390x",
  console: "ttysclp0",
  kernelPackage: "linux-image-s390x",
  powerdown: "ssh",
});
