import { join } from "@std/path";
import { loadPlatform, type PlatformOf } from "../../config/platform.ts";
import { root } from "../../base/files/paths.ts";

/** The image that Debian guests are copies of: described like a platform, but nothing is built in it. */
export const devImage = async (): Promise<PlatformOf<"debian">> =>
  await loadPlatform(join(root, "configs", "dev_images"), "arm-dev-debian") as PlatformOf<"debian">;
