import { commandsWith } from "../debian/debian_commands.ts";

/** Ubuntu's are Debian's. The seed's disk is the first one, the system's the second. */
export const ubuntuCommands = commandsWith("/dev/vdc");
