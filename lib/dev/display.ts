import { HostError } from "../base/errors.ts";

/**
 * QEMU's `-display` for a window on this host. Closing a GTK window must not end the guest at once,
 * as it does by default; cocoa has no such option, but asks. Throws {@link HostError} if there is
 * no screen.
 */
export function guestDisplay(): string {
  if (Deno.build.os === "darwin") return "cocoa";
  if (Deno.env.get("DISPLAY") || Deno.env.get("WAYLAND_DISPLAY")) return "gtk,window-close=off";
  throw new HostError("Cannot open a window for the guest: this session has no screen", {
    details: ["neither DISPLAY nor WAYLAND_DISPLAY is set"],
    next: "leave out --gui, or run the task in a graphical session",
  });
}
