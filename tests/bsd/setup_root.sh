#!/bin/sh
# Turns a Debian root (in $1) into what stands in for FreeBSD or NetBSD, by a word on the kernel's
# command line: not a BSD, but with the same console login, the same names of programs, and what
# those are documented to print. Runs on the host, so nothing of the root is run.
set -eu
root=$1
here=$2 # tests/bsd

# What builds projects makes up most of the root.
rm -rf "$root"/usr/lib/gcc* "$root"/usr/lib/llvm* "$root"/usr/share/doc "$root"/usr/share/locale \
  "$root"/usr/share/cmake* "$root"/usr/share/perl "$root"/usr/lib/*-linux-gnu/*.a \
  "$root"/usr/lib/*-linux-gnu/perl "$root"/var/lib/apt "$root"/var/cache \
  "$root"/usr/lib/python3* "$root"/usr/include "$root"/usr/bin/cmake "$root/lost+found"

# What is lost on the way out of a disk.
chmod 4755 "$root/usr/bin/sudo"
chmod 1777 "$root/tmp" "$root/var/tmp"

# As in the publishers' images: root without a password, and no user besides.
sed -i '/^ci:/d' "$root/etc/passwd" "$root/etc/shadow" "$root/etc/group"
sed -i 's/^root:[^:]*:/root::/' "$root/etc/shadow"
printf 'wheel:x:999:root\n' >>"$root/etc/group"
rm -rf "$root/home/ci" "$root/etc/sudoers.d/ci" "$root"/etc/ssh/ssh_host_* "$root/etc/motd" \
  "$root"/etc/update-motd.d
printf '@includedir /usr/local/etc/sudoers.d\n@includedir /usr/pkg/etc/sudoers.d\n' \
  >>"$root/etc/sudoers"
# shellcheck disable=SC2016 # root's shell expands it
printf 'PS1=$(cat /run/prompt)\n' >"$root/root/.profile"
rm -f "$root/root/.bashrc"

mkdir -p "$root/usr/libexec" "$root/boot" "$root/usr/local/etc/rc.d" \
  "$root/etc/rc.d" "$root/usr/local/etc/sudoers.d" "$root/usr/pkg/etc/sudoers.d"
ln -sf /usr/lib/openssh/sftp-server "$root/usr/libexec/sftp-server"
rm -f "$root/sbin/init"
install -m 755 "$here/init" "$root/sbin/init"
# The scripts' PATH has /usr/sbin before /usr/bin.
for tool in pw pkg pkg_add pkgin sysrc service shutdown route uname sysctl useradd; do
  for dir in "$root/usr/bin" "$root/usr/sbin"; do
    [ ! -e "$dir/$tool" ] || mv "$dir/$tool" "$dir/$tool.debian"
  done
  install -m 755 "$here/tools" "$root/usr/sbin/$tool"
done
# pkg_add installs it.
mv "$root/usr/sbin/pkgin" "$root/usr/sbin/.pkgin"
