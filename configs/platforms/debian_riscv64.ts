import { debian } from "./_debian.ts";

/** Debian 13 on 64-bit RISC-V, which Debian 12 lacks. */
export default debian({
  name: "debian-riscv64",
  arch: "riscv64",
  debArch: "riscv64",
  console: "ttyS0",
  suite: "trixie",
  kernelPackage: "linux-image-riscv64",
  powerdown: "ssh",
});
