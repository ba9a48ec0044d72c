# The host's project at /NAME.
{ config, lib, ... }:
let
  cfg = config.armDev.share;
  mountPoint = "/${cfg.name}";
  options = {
    "9p" = [
      "trans=virtio"
      "version=9p2000.L"
      "msize=${toString cfg.msize}"
      "cache=${cfg.cache}"
      # Each user of the guest acts as itself, not as root.
      "access=client"
    ];
    virtiofs = [ ];
    rsync = [ ];
  }.${cfg.mode};
in
{
  fileSystems = lib.mkIf (cfg.mode != "rsync") {
    ${mountPoint} = {
      device = cfg.tag;
      fsType = cfg.mode;
      # The guest must come up without the share, too: for an update, or for repairs.
      options = options ++ [ "nofail" "nosuid" "nodev" ] ++ lib.optional cfg.readOnly "ro";
    };
  };

  # rsync needs a folder that armdev may write; a mount needs one to lie on.
  systemd.tmpfiles.rules = [ "d ${mountPoint} 0755 armdev ${config.users.users.armdev.group} -" ];

  # qemu-vm.nix replaces `fileSystems` as a whole, in which the mount would vanish without a word.
  # It has shares of its own, whose source may be a variable of the script that starts the VM.
  virtualisation.vmVariant.virtualisation = {
    inherit (cfg) msize;
    sharedDirectories.${cfg.tag} = {
      source = ''"''${ARM_DEV_SHARE:?is the folder to share}"'';
      target = mountPoint;
      # The default stores ids in extended attributes of the host's files.
      securityModel = "none";
    };
  };
}
