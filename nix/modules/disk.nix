# The layout of NixOS's aarch64 SD image: MBR, a FAT partition for firmware, an ext4 root. u-boot
# reads the menu /boot/extlinux/extlinux.conf, in which each generation is an entry.
{
  boot = {
    loader = {
      grub.enable = false;
      generic-extlinux-compatible = {
        enable = true;
        # Each keeps a kernel and an initramfs in /boot.
        configurationLimit = 10;
      };
    };
    # The disk may have been enlarged since.
    growPartition = true;
  };

  fileSystems."/" = {
    device = "/dev/disk/by-label/NIXOS_SD";
    fsType = "ext4";
    autoResize = true;
    # A read must not become a write: the host's disk image grows with each block that changes.
    options = [ "noatime" ];
  };
}
