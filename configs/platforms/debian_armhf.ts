import { debian } from "./_debian.ts";

/** Debian 12 on 32-bit ARM. */
export default debian({
  name: "debian-armhf",
  arch: "armv7",
  debArch: "armhf",
  console: "ttyAMA0",
  kernelPackage: "linux-image-armmp-lpae",
  powerdown: "ssh",
});
