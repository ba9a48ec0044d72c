import { bsdSystem } from "../bsd/bsd_system.ts";
import { NETBSD_LOADER } from "./netbsd_loader.ts";

/** NetBSD's images of an installed system: the live image of PCs, and `arm64.img`. */
export const netbsd = bsdSystem({
  script: "provision/netbsd.sh",
  certificates: "/etc/openssl/certs/ca-certificates.crt",
  sudoersDir: "usr/pkg/etc/sudoers.d",
  loader: NETBSD_LOADER,
});
