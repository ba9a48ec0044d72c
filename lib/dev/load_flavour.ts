import type { FlavourName } from "./config.ts";
import type { DevFlavour } from "./flavour.ts";

/** The flavour of that name. What it takes is only loaded then. */
export async function loadFlavour(name: FlavourName): Promise<DevFlavour> {
  if (name === "debian") return (await import("./debian.ts")).debian;
  return (await import("./nixos/flavour.ts")).nixos;
}
