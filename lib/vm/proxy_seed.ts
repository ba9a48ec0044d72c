import { SUDOERS } from "../guest/proxy/proxy_environment.ts";
import { directory, file, packCpio } from "../image/format/cpio.ts";

/** What a guest's root needs for the proxy, as files that its initramfs copies there. */
export function packProxySeed(): Uint8Array<ArrayBuffer> {
  return packCpio([
    ...["seed", "seed/etc", "seed/etc/sudoers.d"].map((path) => directory(path)),
    file("seed/etc/sudoers.d/guesthouse-proxy", SUDOERS, 0o440),
  ]);
}
