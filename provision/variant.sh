#!/bin/sh
# Turns a fresh Debian root into that of a microVM, whose PID 1 is the guest agent. Runs as root in
# a chroot while the image is built. What differs from build to build is removed, so that the same
# packages give the same bytes.
set -eu

# The user for commands that need no root.
id guest >/dev/null 2>&1 || useradd --create-home --uid 1000 --shell /bin/bash guest
usermod -p '*' guest
# useradd writes today's date, as the day of the last change of the password.
sed -i 's/^\([^:]*:[^:]*:\)[0-9]*:/\119518:/' /etc/shadow
rm -f /etc/shadow- /etc/passwd- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid-

echo guest >/etc/hostname
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 guest\n' >/etc/hosts
# The agent writes it.
rm -f /etc/resolv.conf
ln -s /run/resolv.conf /etc/resolv.conf
: >/etc/machine-id
mkdir -p /mnt /srv /work
# What no_host_keys_hook.sh has laid there: nothing in here is reached by SSH.
rm -f /etc/ssh/ssh_host_*_key
rmdir /etc/ssh 2>/dev/null || :

rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/aux-cache /var/cache/debconf/*-old
# Not /tmp: mmdebstrap's configuration of apt lies there, without which it would go on to empty the
# package lists of the host.
rm -rf /var/log/* /var/lib/dpkg/*-old
find / -xdev -name '__pycache__' -type d -prune -exec rm -rf {} +
