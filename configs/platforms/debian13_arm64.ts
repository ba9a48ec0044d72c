import { debian } from "./_debian.ts";

/** Debian 13 on 64-bit ARM. */
export default debian({
  name: "debian13-arm64",
  arch: "aarch64",
  debArch: "arm64",
  console: "ttyAMA0",
  suite: "trixie",
  kernelPackage: "linux-image-cloud-arm64",
  powerdown: "ssh",
});
