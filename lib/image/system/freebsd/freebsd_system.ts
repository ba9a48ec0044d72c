import { bsdSystem } from "../bsd/bsd_system.ts";

/** FreeBSD's images for virtual machines: <https://docs.freebsd.org/en/books/handbook/virtualization/>. */
export const freebsd = bsdSystem({
  script: "provision/freebsd.sh",
  certificates: "/etc/ssl/cert.pem",
  sudoersDir: "usr/local/etc/sudoers.d",
});
