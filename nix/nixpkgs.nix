# The nixpkgs that flake.lock pins, so that both entries build the same system.
let
  lock =
    if builtins.pathExists ./flake.lock
    then builtins.fromJSON (builtins.readFile ./flake.lock)
    else throw "nix/flake.lock does not exist: nixpkgs is not pinned yet. Run: nix flake lock path:./nix";
  input = lock.nodes.${lock.root};
  inherit (lock.nodes.${input.inputs.nixpkgs}) locked;
in
fetchTarball {
  name = "nixpkgs";
  url = "https://github.com/${locked.owner}/${locked.repo}/archive/${locked.rev}.tar.gz";
  sha256 = locked.narHash;
}
