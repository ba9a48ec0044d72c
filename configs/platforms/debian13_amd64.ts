import { debian } from "./_debian.ts";

/** Debian 13 on x86-64. */
export default debian({
  name: "debian13-amd64",
  arch: "x86_64",
  debArch: "amd64",
  console: "ttyS0",
  append: "tsc=reliable no_timer_check",
  suite: "trixie",
  kernelPackage: "linux-image-cloud-amd64",
});
