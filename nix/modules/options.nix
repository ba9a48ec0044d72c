# What local.nix may set. The types are checked by Nix, so a damaged local.nix is named as such.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.armDev = {
    hostName = mkOption {
      type = types.str;
      default = "armdev";
      description = "The guest's name, on its prompt and in its network.";
    };

    user = mkOption {
      type = types.strMatching "[a-z][a-z0-9-]*";
      default = "armdev";
      description = "The name of the one user.";
    };

    uid = mkOption {
      type = types.ints.positive;
      default = 1000;
      description = "The id of the user: that of the host's user, so that shared files have one owner.";
    };

    gid = mkOption {
      type = types.ints.positive;
      default = 1000;
      description = "The id of the user's group: that of the host's user.";
    };

    authorizedKeys = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Public keys that may log in by SSH, in the format of authorized_keys.";
    };

    gui = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the guest has a desktop, which the user is logged in to.";
    };

    share = {
      name = mkOption {
        type = types.strMatching "[A-Za-z0-9_][A-Za-z0-9_.-]*";
        default = "project";
        description = "The project is at /NAME.";
      };

      mode = mkOption {
        type = types.enum [ "9p" "virtiofs" "rsync" ];
        default = "9p";
        description = "How the project reaches the guest. With rsync nothing is mounted.";
      };

      tag = mkOption {
        type = types.str;
        default = "share";
        description = "The name that QEMU gives the shared directory.";
      };

      options = mkOption {
        type = types.nullOr (types.listOf types.str);
        default = null;
        description = "Mount options. By default those that suit the mode.";
      };
    };
  };
}
