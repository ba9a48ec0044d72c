# `cd` into the project gives its environment.
{ config, ... }:
{
  programs.direnv = {
    enable = true;
    nix-direnv.enable = true;
    # In the project it would be on the host's disk, by way of 9p, and in the host's own way: what
    # direnv keeps are links into this guest's store.
    direnvrcExtra = ''
      direnv_layout_dir() {
        local name
        name=$(printf %s "$PWD" | sha256sum | cut -c 1-16)
        printf '%s\n' "''${XDG_CACHE_HOME:-$HOME/.cache}/direnv/layouts/$name"
      }
    '';
  };

  # The host's user trusts the project already, and the guest reaches nothing else.
  environment.etc."direnv/direnv.toml".text = ''
    [whitelist]
    prefix = [ "/${config.armDev.share.name}/" ]
  '';
}
