import type { ImageKind, Platform, PlatformOf } from "../../config/platform.ts";
import { debian } from "../system/debian/debian_system.ts";
import type { GuestSystem } from "../system/guest_system.ts";

/** Every operating system of guests, by the kind of its images. */
const SYSTEMS: { readonly [Kind in ImageKind]: GuestSystem<PlatformOf<Kind>> } = { debian };

/** The operating system of a platform. */
export const systemOf = ({ image }: Pick<Platform, "image">): GuestSystem =>
  SYSTEMS[image.kind] as GuestSystem;
