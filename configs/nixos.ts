import type { NixosSources } from "../lib/config/nixos_sources.ts";

/** Where the parts of a NixOS guest come from: jobs of the project's build farm. */
const sources: NixosSources = {
  // A mirror of one's own answers as the farm does (docs/arm-dev.md, "Pins").
  farm: Deno.env.get("GUESTHOUSE_NIXOS_FARM") || "https://hydra.nixos.org",
  image: { job: "nixos/release-26.05/nixos.sd_image.aarch64-linux", product: "sd-image" },
  // Only for hosts whose packages bring none.
  uboot: { job: "nixpkgs/trunk/ubootQemuAarch64.aarch64-linux", product: "u-boot.bin" },
};

export default sources;
