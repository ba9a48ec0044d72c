# The classic entry, for Nix without flakes:
#   nix-build nix -A toplevel      the system
#   nix-build nix -A vm            a script that runs it on a throw-away disk
#   nix-build nix -A image         a disk with the system inside
#
# nixpkgs is what flake.lock pins; `--arg nixpkgs /path/to/checkout` takes another.
{ nixpkgs ? import ./nixpkgs.nix
}:
let
  # lib.nixosSystem takes the same modules; this file of nixpkgs is there without flakes as well.
  guest = modules: import "${toString nixpkgs}/nixos/lib/eval-config.nix" {
    system = "aarch64-linux";
    modules = [ ./configuration.nix ] ++ modules;
  };
  armdev = guest [ ];
in
{
  inherit (armdev) config options;
  inherit (armdev.config.system.build) toplevel vm;
  image = (guest [ ./image.nix ]).config.system.build.sdImage;
}
