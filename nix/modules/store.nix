# The Nix store, and how it stays small.
{
  nix = {
    settings = {
      experimental-features = [ "nix-command" "flakes" ];
      trusted-users = [ "root" "@wheel" ];
      auto-optimise-store = true;
      # When the disk runs full in the middle of a build, Nix frees until there is room.
      min-free = 512 * 1024 * 1024;
      max-free = 2 * 1024 * 1024 * 1024;
    };
    gc = {
      automatic = true;
      dates = "weekly";
      # A guest is rarely up at the hour; then it runs at the next start.
      persistent = true;
      options = "--delete-older-than 14d";
    };
  };

  # Tells the host's disk image which blocks are free.
  services.fstrim.enable = true;
}
