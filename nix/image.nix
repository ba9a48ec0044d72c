# On top of configuration.nix: a disk image with it inside, in the same layout as NixOS's own SD
# image, so that a guest made from either is the same from then on.
{ config, modulesPath, ... }:
{
  imports = [ (modulesPath + "/installer/sd-card/sd-image.nix") ];

  sdImage = {
    # It becomes a qcow2 at once.
    compressImage = false;
    # QEMU brings the firmware; what lies on this partition is for boards.
    populateFirmwareCommands = "";
    populateRootCommands = ''
      mkdir -p ./files/boot
      ${config.boot.loader.generic-extlinux-compatible.populateCmd} -c ${config.system.build.toplevel} -d ./files/boot
    '';
  };
}
