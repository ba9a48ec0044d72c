import { debianCommands } from "../../image/system/debian/debian_commands.ts";
import type { GuestCommands } from "../../guest/guest_commands.ts";

/** Commands for dev guests: both flavours have sudo and systemd, like Debian. */
export const devCommands: GuestCommands = debianCommands;
