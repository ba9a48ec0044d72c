# Runs in the guest as root, sent along by the start: makes the host's Nix store, which is shared
# read-only under the tag $1, a place from which the user $2 takes what is there already.
set -eu
tag=$1
user=$2
here=/run/guesthouse
root=$here/host-root
mkdir -p "$here/host-nix" "$root/nix/store" "$root/nix/var/nix/db"
modprobe -a 9pnet_virtio 9p 2>/dev/null || :
# What is in a store never changes, so the guest may keep what it has read.
mountpoint -q "$here/host-nix" ||
  mount -t 9p -o ro,nosuid,nodev,trans=virtio,version=9p2000.L,msize=512000,cache=loose \
    "$tag" "$here/host-nix"
mountpoint -q "$root/nix/store" || mount --bind "$here/host-nix/store" "$root/nix/store"
# Nix writes to the registry of every store that it opens, so it gets a copy.
for name in schema db.sqlite db.sqlite-wal; do
  [ ! -e "$here/host-nix/var/nix/db/$name" ] ||
    cp "$here/host-nix/var/nix/db/$name" "$root/nix/var/nix/db/"
done
chown -R "$user" "$root/nix/var"
echo "extra-substituters = local?root=$root&trusted=1" >"$here/nix.conf"
