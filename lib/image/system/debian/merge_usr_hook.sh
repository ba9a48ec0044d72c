#!/bin/sh
# mmdebstrap's setup hook for roots whose packages are only unpacked: lays the merged-/usr links
# that otherwise a package's script makes, before anything is unpacked over them.
set -eu
cd "$1"
links="bin sbin lib"
# Only amd64 keeps its dynamic linker in lib64.
[ "$GUESTHOUSE_DEB_ARCH" != amd64 ] || links="$links lib64"
for name in $links; do
  mkdir -p "usr/$name"
  [ -e "$name" ] || ln -s "usr/$name" "$name"
done
