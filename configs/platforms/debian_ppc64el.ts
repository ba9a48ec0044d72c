import { debian } from "./_debian.ts";

/** Debian 12 on little-endian POWER. */
export default debian({
  name: "debian-ppc64el",
  arch: "ppc64le",
  debArch: "ppc64el",
  console: "hvc0",
  kernelPackage: "linux-image-powerpc64le",
  powerdown: "ssh",
});
