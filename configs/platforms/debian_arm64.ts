import { debian } from "./_debian.ts";

/** Debian 12 on 64-bit ARM. */
export default debian({
  name: "debian-arm64",
  arch: "aarch64",
  debArch: "arm64",
  console: "ttyAMA0",
  kernelPackage: "linux-image-cloud-arm64",
  // The button of "virt" is a GPIO key; Debian's cloud kernel has no driver for those.
  powerdown: "ssh",
  setUp: "always",
});
