# The ARM dev guest. One file for each concern; what differs between hosts (ids, keys, names)
# comes from local.nix, which the tasks write and git ignores.
{ lib, ... }:
{
  imports = [
    ./modules/options.nix
    ./modules/base.nix
    ./modules/disk.nix
    ./modules/user.nix
    ./modules/ssh.nix
    ./modules/share.nix
    ./modules/dev_shell.nix
    ./modules/store.nix
    ./modules/consoles.nix
  ] ++ lib.optional (builtins.pathExists ./local.nix) ./local.nix;
}
