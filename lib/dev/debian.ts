import type { DevFlavour } from "./flavour.ts";

/** Debian 12: ready in minutes. */
export const debian: DevFlavour = {
  name: "debian",
  prepareTools: ["image", "binfmt"],
  firstBootWithoutSsh: false,
  prepare: () => Promise.reject(new Error("in the making")),
  boot: () => Promise.reject(new Error("in the making")),
  firstBoot: () => Promise.resolve("done"),
  generation: () => Promise.resolve(undefined),
  tidy: [],
};
