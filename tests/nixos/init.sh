#!/bin/busybox sh
# PID 1 of the stand-in's initramfs: finds its root on a partition by its label, as NixOS does.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do
  insmod "/modules/$module" 2>/dev/null
done </modules/order
ticks=0
while [ "$ticks" -lt 200 ]; do
  for root in /dev/vd?2; do
    # The label is at 0x78 of ext4's superblock, which is 1024 bytes in.
    [ -b "$root" ] || continue
    label=$(busybox dd if="$root" bs=8 skip=143 count=1 2>/dev/null)
    [ "$label" = NIXOS_SD ] || continue
    mkdir -p /mnt
    mount -t ext4 -o noatime "$root" /mnt || continue
    ip link set lo up
    ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0 && ip route add default via 10.0.2.2
    umount /proc
    umount /sys
    mount --move /dev /mnt/dev
    exec switch_root /mnt /sbin/init
  done
  ticks=$((ticks + 1))
  sleep 0.1
done
echo "stand-in: no root labelled NIXOS_SD" >/dev/console
poweroff -f
