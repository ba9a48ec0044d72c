import type { FlavourName } from "../config/dev_config.ts";
import type { DevFlavour } from "./flavour/flavour.ts";

/** The flavour of that name. Its modules are only loaded then. */
export async function loadFlavour(name: FlavourName): Promise<DevFlavour> {
  if (name === "debian") return (await import("./flavour/debian_flavour.ts")).debian;
  return (await import("./flavour/nixos/nixos_flavour.ts")).nixos;
}
