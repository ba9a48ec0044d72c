import type { GuestSystem } from "../guest_system.ts";
import { debianCommands } from "./debian_commands.ts";
import { debianSeeds } from "./debian_seeds.ts";

/** Debian, made from its packages by mmdebstrap. */
export const debian: GuestSystem = { commands: debianCommands, seeds: debianSeeds };
