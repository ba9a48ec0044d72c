# What any guest under QEMU needs.
{ config, lib, modulesPath, pkgs, ... }:
{
  # Drivers of virtio devices, in the initramfs too.
  imports = [ (modulesPath + "/profiles/qemu-guest.nix") ];

  # This wins over the `system` of whoever evaluates, so that no host's own architecture leaks in.
  nixpkgs.hostPlatform = lib.mkDefault "aarch64-linux";

  networking.hostName = config.armDev.hostName;
  time.timeZone = lib.mkDefault "UTC";

  # Answers the host's requests to shut down, and to set the clock after the host has slept.
  services.qemuGuest.enable = true;

  # Compilers take more memory than a laptop likes to give to a guest.
  zramSwap.enable = true;

  environment.systemPackages = [ pkgs.git pkgs.rsync ];

  # Building the manual takes minutes under emulation.
  documentation.nixos.enable = false;

  # Which defaults of stateful services to keep. It stays when the release goes up.
  system.stateVersion = "26.05";
}
