import { debianCommands } from "../../image/system/debian/debian_commands.ts";
import type { GuestCommands } from "../../guest/guest_commands.ts";

/** What dev guests are told: of either flavour they have sudo and systemd, as Debian has. */
export const devCommands: GuestCommands = debianCommands;
