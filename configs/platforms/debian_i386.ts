import { debian } from "./_debian.ts";

/** Debian 12 on 32-bit x86. */
export default debian({
  name: "debian-i386",
  arch: "i686",
  debArch: "i386",
  console: "ttyS0",
  append: "tsc=reliable no_timer_check",
  kernelPackage: "linux-image-686-pae",
  powerdown: "ssh",
});
