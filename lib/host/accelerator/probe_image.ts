import type { ProbeImage } from "./probe_assembly.ts";
import type { Arch } from "../../config/archs.ts";
import { armProbeImage } from "./probe_image_aarch64.ts";
import { x86ProbeImage } from "./probe_image_x86_64.ts";

/** The image for guests of an architecture. */
export function probeImage(arch: Arch): ProbeImage {
  return arch === "x86_64" ? x86ProbeImage() : armProbeImage();
}
