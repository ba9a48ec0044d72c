#!/bin/sh
# Runs a command for which a folder is read-only, whatever it may do otherwise:
#   share_read_only.sh DIR COMMAND [ARG...]
# It must run in user and mount namespaces of its own (unshare --user --mount --keep-caps): nobody
# else then sees the mount, and it goes with the command.
set -eu
dir=$1
shift
mount --bind "$dir" "$dir"
mount -o remount,bind,ro "$dir"
exec "$@"
