#!/bin/sh
# Runs a command in a root file system, as an engine for containers does without further rights:
#   enter_container.sh ROOT UID HOME COMMAND [ARG...]
# It must start in a mount and a pid namespace of its own. The command gets the capabilities that
# Docker grants, and may neither mount nor, since it runs in a chroot, make user namespaces.
set -e
root=$1
uid=$2
home=$3
shift 3
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
for dir in /proc/sys /sys; do
  mount --bind "$dir" "$root$dir"
  mount -o remount,bind,ro "$root$dir"
done
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/shm" "$root/dev/pts"
chmod 1777 "$root/dev/shm"
for name in null zero full random urandom tty; do
  : >"$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
caps=chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw
caps=$caps,sys_chroot,mknod,audit_write,setfcap
exec setpriv --inh-caps=-all --bounding-set="-all,+$(echo $caps | sed 's/,/,+/g')" -- \
  chroot --userspec="$uid:$uid" --groups="$uid" "$root" \
  sh -c 'cd "$0/guesthouse" && exec "$@"' "$home" "$@"
