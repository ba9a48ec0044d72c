#!/bin/sh
# mmdebstrap's customize hook: puts the kernel and the provisioning into the new root ($1). It runs
# as root of the build's user namespace; what it needs lies beside it, since the checkout may be
# unreadable from there. Values come by environment, never by text that a shell would parse.
set -eu
root=$1
here=$(dirname "$0")
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"

# The kernel package is unpacked, not installed: its scripts build an initramfs, which a build guest
# does not need and which takes minutes under user-mode emulation.
install_kernel() {
  real=$(apt-cache depends --no-recommends "$GUESTHOUSE_KERNEL_PACKAGE" |
    sed -n 's/^  Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
  [ -n "$real" ] || { echo "E: $GUESTHOUSE_KERNEL_PACKAGE names no kernel image" >&2; exit 1; }
  work=$(mktemp -d "$root/tmp/kernel.XXXXXX")
  (cd "$work" && apt-get --quiet=2 --option=APT::Sandbox::User=root download "$real")
  # --keep-directory-symlink: /lib is a symlink to /usr/lib in the root, a directory in the package.
  dpkg-deb --fsys-tarfile "$work"/*.deb |
    tar --extract --directory="$root" --keep-directory-symlink --exclude='./usr/share/*' \
      --exclude='./boot/System.map-*'
  rm -rf "$work"
  version=$(basename "$root"/boot/vmlinu[xz]-*)
  depmod -b "$root" "${version#vmlinu?-}"
}
[ -z "$GUESTHOUSE_KERNEL_PACKAGE" ] || install_kernel

cp "$here/provision.sh" "$root/guesthouse-provision"
if [ "$GUESTHOUSE_CONFIGURE" = now ]; then
  chroot "$root" sh /guesthouse-provision
  rm "$root/guesthouse-provision"
else
  # The packages are only extracted: the guest's first boot installs them from here.
  cp "$here/first_boot.sh" "$root/guesthouse-first-boot"
  mkdir -p "$root/guesthouse-debs"
  mv "$root"/var/cache/apt/archives/*.deb "$root/guesthouse-debs/"
fi
