import { assertEquals, assertThrows } from "@std/assert";
import { HostError } from "../base/errors.ts";
import { sandbox } from "../base/host_testing.ts";
import { guestDisplay } from "./display.ts";

const onLinux = Deno.build.os === "linux";

Deno.test({
  name: "guestDisplay() says that a session without a screen has none",
  ignore: !onLinux,
  async fn() {
    await using _box = await sandbox({ DISPLAY: "", WAYLAND_DISPLAY: "" });
    const error = assertThrows(
      () => guestDisplay(),
      HostError,
      "Cannot open a window for the guest: this session has no screen",
    );
    assertEquals(error.next, "leave out --gui, or run the task in a graphical session");
  },
});

Deno.test({
  name: "guestDisplay() takes either kind of screen",
  ignore: !onLinux,
  async fn() {
    for (const name of ["DISPLAY", "WAYLAND_DISPLAY"]) {
      await using _box = await sandbox({ DISPLAY: "", WAYLAND_DISPLAY: "", [name]: ":0" });
      assertEquals(guestDisplay(), "gtk,window-close=off");
    }
  },
});
