#!/bin/sh
# Installs the packages that an image brings along unconfigured, from inside the guest: the way
# for hosts that cannot run the guest's programs while they build the image. Runs in a chroot of
# the initramfs, with /proc, /sys and /dev mounted. The order of the first few packages is that in
# which each can run its own scripts: dpkg needs a C library, scripts need users, awk and perl.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive
export DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C.UTF-8
cd /guesthouse-debs

printf 'root:x:0:0:root:/root:/bin/sh\n' >/etc/passwd
printf 'root:x:0:\nmail:x:8:\nutmp:x:43:\n' >/etc/group
mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates
touch /var/lib/dpkg/status /var/lib/dpkg/available
[ -e /usr/bin/awk ] || ln -s mawk /usr/bin/awk

install_now() { dpkg --force-depends --force-unsafe-io --install "$@"; }
for name in base-passwd base-files dpkg libc6 perl-base mawk debconf; do
  install_now "$name"_*.deb
done
dpkg --force-depends --force-unsafe-io --force-overwrite --force-confnew --unpack ./*.deb
dpkg --force-unsafe-io --force-confnew --configure --pending

cd /
rm -rf /guesthouse-debs
sh /guesthouse-provision
rm /guesthouse-provision /guesthouse-first-boot
sync
