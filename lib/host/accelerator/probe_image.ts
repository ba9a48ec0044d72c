import type { ProbeImage } from "./probe_assembly.ts";
import type { Arch } from "../../config/archs.ts";
import { armProbeImage } from "./probe_image_aarch64.ts";
import { x86ProbeImage } from "./probe_image_x86_64.ts";

/** Their machine code; hosts of another architecture have no hypervisor that could be tried. */
const IMAGES: Readonly<Partial<Record<Arch, () => ProbeImage>>> = {
  x86_64: x86ProbeImage,
  aarch64: armProbeImage,
};

/** The image for guests of an architecture. Throws `RangeError` where there is none. */
export function probeImage(arch: Arch): ProbeImage {
  const make = IMAGES[arch];
  if (make === undefined) throw new RangeError(`there is no probe for ${arch}`);
  return make();
}
