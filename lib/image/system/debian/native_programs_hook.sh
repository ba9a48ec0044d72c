#!/bin/sh
# mmdebstrap's hook for roots of another architecture: lends the root ($1) the host's own programs
# while its packages are installed. Emulated, unpacking and the small programs of package scripts
# take more than half of an image's whole time. Called twice: as essential hook it lends, as the
# first customize hook ("restore" beside it, see rootfs.ts) it takes everything back.
#
# Only programs that give the same answers on every architecture may be in the list, so no uname,
# dpkg, ldconfig or perl.
set -eu
root=$1
store=$root/guesthouse-native
programs="dpkg-deb dpkg-split dash tar gzip xz sed grep find
  basename cat chmod chown cp cut dirname env expr head id install ln ls mkdir mktemp mv readlink
  rm rmdir sort stat tail touch tr"

take_back() {
  [ -d "$store" ] || return 0
  for program in "$store"/bin/*; do
    [ ! -e "$program" ] || mv -f "$program" "$root/usr/bin/"
  done
  while read -r file; do rm -f "$root$file"; done <"$store/libraries"
  # The last first; whatever else lies in a directory by now keeps it.
  sed '1!G;h;$!d' "$store/directories" | while read -r dir; do
    rmdir "$root$dir" 2>/dev/null || continue
    [ ! -L "$root/${dir#/usr/}" ] || rm "$root/${dir#/usr/}"
  done
  rm -rf "$store"
}

# Copies a library of the host to where the host's dynamic linker will look for it in the root.
lend_library() {
  [ ! -e "$root$1" ] || return 0
  dir=$(dirname "$1")
  missing=
  while [ ! -d "$root$dir" ]; do
    missing="$dir $missing"
    dir=$(dirname "$dir")
  done
  for dir in $missing; do
    case $dir in
      /*/*) mkdir "$root$dir" ;;
      # Such as /lib64: systemd refuses a root in which one of these is no link into /usr.
      *) mkdir "$root/usr$dir" && ln -s "usr$dir" "$root$dir" && dir=/usr$dir ;;
    esac
    echo "$dir" >>"$store/directories"
  done
  cp -L "$1" "$root$1"
  echo "$1" >>"$store/libraries"
}

lend() {
  program=$1
  path=$(command -v "$program") || return 0
  path=$(readlink -f "$path")
  # One that is a link here (busybox, an alternative) stays as it is.
  [ -f "$root/usr/bin/$program" ] && [ ! -L "$root/usr/bin/$program" ] || return 0
  # The host's own may be a multi-call program that goes by its name.
  [ "$(basename "$path")" = "$program" ] || return 0
  ldd "$path" 2>/dev/null |
    sed -n 's/^.*=> \(\/[^ ]*\) (.*$/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*$/\1/p' >"$store/needed" ||
    return 0
  while read -r library; do lend_library "$library"; done <"$store/needed"
  cp "$path" "$store/new"
  chmod 755 "$store/new"
  cp -p "$root/usr/bin/$program" "$store/bin/$program"
  # At once: the scripts of packages must never miss it.
  mv -f "$store/new" "$root/usr/bin/$program"
}

if [ "$(basename "$0")" = restore-programs ]; then
  take_back
  exit 0
fi

command -v ldd >/dev/null || exit 0
mkdir -p "$store/bin"
: >"$store/libraries"
: >"$store/directories"
for program in $programs; do lend "$program"; done
# A host whose libraries do not work elsewhere: then all is emulated, which is only slower.
if ! chroot "$root" /usr/bin/dash -c 'set -e; dpkg-deb --version; tar --version; rm --version' \
  >/dev/null 2>&1; then
  take_back
  echo "I: the host's programs do not run in the root, so its own are emulated"
fi
