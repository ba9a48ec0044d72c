import { HostError } from "../../cli/errors.ts";
import type { DevFlavour } from "../flavour.ts";

const notYet = () => {
  throw new HostError("Cannot make a NixOS guest: this version has no NixOS flavour yet", {
    next: "deno task arm-dev-init --flavour debian",
  });
};

/** NixOS. */
export const nixos: DevFlavour = {
  name: "nixos",
  prepareTools: [],
  firstBootWithoutSsh: true,
  prepare: notYet,
  boot: notYet,
  firstBoot: notYet,
  generation: notYet,
  tidy: [],
};
