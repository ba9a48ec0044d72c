import { ARCH } from "../../config/archs.ts";
import type { ImageKind, Platform, PlatformOf } from "../../config/platform.ts";
import { debian } from "../system/debian/debian_system.ts";
import { freebsd } from "../system/freebsd/freebsd_system.ts";
import type { GuestSystem } from "../system/guest_system.ts";
import { netbsd } from "../system/netbsd/netbsd_system.ts";
import { ubuntu } from "../system/ubuntu/ubuntu_system.ts";

/** Every operating system of guests, by the kind of its images. */
const SYSTEMS: { readonly [Kind in ImageKind]: GuestSystem<PlatformOf<Kind>> } = {
  debian,
  ubuntu,
  freebsd,
  netbsd,
};

/** What a platform's guests need to be saved and restored, unless they always boot. */
export const warmSeedsOf = (platform: Pick<Platform, "arch" | "image">) =>
  ARCH[platform.arch].qemu.restores === false ? undefined : systemOf(platform).seeds.warm;

/** The operating system of a platform. */
export function systemOf({ image }: Pick<Platform, "image">): GuestSystem {
  const system = SYSTEMS[image.kind] as GuestSystem;
  // One system's disks boot with different firmware on different machines.
  return "firmware" in image ? { ...system, boot: image.firmware } : system;
}
