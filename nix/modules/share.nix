# The host's project at /NAME.
{ config, lib, ... }:
let
  cfg = config.armDev.share;
  inherit (config.armDev) user;
  mountPoint = "/${cfg.name}";

  # The largest 9p message, in bytes. virtio carries at most 128 pages at once, less two for its
  # own use; Linux caps a larger wish at the same.
  msize = 512000;

  defaults = {
    "9p" = [
      "trans=virtio"
      "version=9p2000.L"
      "msize=${toString msize}"
      # With loose, what the host writes goes unnoticed; with none, no program can map a file, which
      # linkers and git do.
      "cache=mmap"
      # Each user of the guest acts as itself, not as root.
      "access=client"
    ];
    virtiofs = [ ];
    rsync = [ ];
  };
  options = if cfg.options == null then defaults.${cfg.mode} else cfg.options;

  # The guest must come up without the share, too: for an update, or for repairs.
  always = [ "nofail" "nosuid" "nodev" ];
in
{
  fileSystems = lib.mkIf (cfg.mode != "rsync") {
    ${mountPoint} = {
      device = cfg.tag;
      fsType = cfg.mode;
      options = options ++ lib.subtractLists options always;
    };
  };

  # rsync needs a directory that the user may write; a mount needs one to lie on.
  systemd.tmpfiles.rules = [ "d ${mountPoint} 0755 ${user} ${config.users.users.${user}.group} -" ];

  # qemu-vm.nix replaces `fileSystems` as a whole, in which the mount would vanish without a word.
  # It has shares of its own, whose source may be a variable of the script that starts the VM.
  virtualisation.vmVariant.virtualisation = {
    inherit msize;
    sharedDirectories.${cfg.tag} = {
      source = ''"''${ARM_DEV_SHARE:?is the directory to share}"'';
      target = mountPoint;
      # The default stores ids in extended attributes of the host's files.
      securityModel = "none";
    };
  };
}
