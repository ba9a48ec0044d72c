import { HostError } from "../base/errors.ts";

/** QEMU's `-display` for a window that does not end the guest. Throws {@link HostError}. */
export function guestDisplay(os: typeof Deno.build.os = Deno.build.os): string {
  if (os === "darwin") return "cocoa";
  if (Deno.env.get("DISPLAY") || Deno.env.get("WAYLAND_DISPLAY")) return "gtk,window-close=off";
  throw new HostError("Cannot open a window for the guest: this session has no screen", {
    details: ["neither DISPLAY nor WAYLAND_DISPLAY is set"],
    next: "leave out --gui, or run the task in a graphical session",
  });
}
