import { debian } from "./_debian.ts";

/** Debian 12 on x86-64. */
export default debian({
  name: "debian-amd64",
  arch: "x86_64",
  debArch: "amd64",
  console: "ttyS0",
  append: "tsc=reliable no_timer_check",
  kernelPackage: "linux-image-cloud-amd64",
  setUp: "on its own architecture",
});
