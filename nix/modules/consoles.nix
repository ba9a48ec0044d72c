# The user is logged in on the serial console, on the screen, and on the desktop if there is one.
{ config, lib, ... }:
let
  inherit (config.armDev) user;
in
{
  # The last is where the system's own messages go.
  boot.kernelParams = [ "console=tty0" "console=ttyAMA0,115200n8" ];

  # Of every tty and serial line.
  services.getty.autologinUser = user;

  services.xserver = lib.mkIf config.armDev.gui {
    enable = true;
    desktopManager.xfce.enable = true;
  };
  services.displayManager.autoLogin = lib.mkIf config.armDev.gui {
    enable = true;
    inherit user;
  };
}
