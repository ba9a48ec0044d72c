#!/bin/sh
# Runs a virtiofs daemon in mounts of its own, which nobody else sees and which go with it:
#   virtiofsd_cell.sh SOCKET_DIR rw|ro DIR COMMAND [ARG...]
# It must run in user and mount namespaces (unshare --user --mount --keep-caps). COMMAND starts in
# SOCKET_DIR. With "ro", DIR is read-only for it, whatever it may do otherwise.
set -eu
access=$2
dir=$3
# From here on by its open directory, since what comes may hide its path.
cd "$1"
# QEMU's daemon writes a pid file to /run/virtiofsd, which only root may, and leaves it there.
case $dir/ in
  /run/*) ;;
  *) mount -t tmpfs -o mode=700 tmpfs /run ;;
esac
if [ "$access" = ro ]; then
  mount --bind "$dir" "$dir"
  mount -o remount,bind,ro "$dir"
fi
shift 3
exec "$@"
