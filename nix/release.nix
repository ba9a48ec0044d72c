# The NixOS release that the guest follows. flake.nix repeats it, as a flake's inputs must be
# literals; a test holds the two together.
"26.05"
