{
  description = "The ARM dev guest: NixOS on aarch64, with the host's project shared";

  # flake.lock pins the revision and its hash. Nix writes it at the first evaluation, where it has
  # the network; until then there is none, as a hash that nobody has computed would be an invention.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs = { nixpkgs, ... }:
    let
      system = "aarch64-linux";
      guest = modules: nixpkgs.lib.nixosSystem {
        inherit system;
        modules = [ ./configuration.nix ] ++ modules;
      };
      armdev = guest [ ];
    in
    {
      nixosConfigurations.armdev = armdev;

      packages.${system} = {
        # A disk with this configuration inside, for hosts that can build for aarch64.
        image = (guest [ ./image.nix ]).config.system.build.sdImage;
        # A script that runs the guest on a throw-away disk.
        inherit (armdev.config.system.build) vm;
      };
    };
}
