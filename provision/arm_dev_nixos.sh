#!/bin/sh
# Turns a booted NixOS SD image into the ARM dev guest. Runs as root from the seed disk that
# lib/dev/flavour/nixos/seed_disk.ts makes; the host started it by the serial console, and reads there how
# far it is. It must be repeatable: an interrupted first boot begins again.
set -eu
seed=$(dirname "$0")
step=begin

# Lines that the host looks for. The command that started this has none of them, as it is echoed.
say() { printf 'guesthouse-first-boot: %s\n' "$*"; }
begin() {
  step=$*
  say "STEP $step"
}
trap 'status=$?; [ "$status" = 0 ] || say "FAILED $step (status $status)"' EXIT

begin install the host key
mkdir -p /etc/ssh
# In place before sshd is: it keeps a key that is there, and the host has pinned this one.
cp "$seed/ssh_host_ed25519_key" "$seed/ssh_host_ed25519_key.pub" /etc/ssh/
chown 0:0 /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key.pub
chmod 600 /etc/ssh/ssh_host_ed25519_key
if [ "${1-}" = key ]; then
  sync
  say DONE
  exit 0
fi

begin copy the configuration
# Beside it and then renamed, so that no half of one is ever there.
rm -rf /etc/nixos.new /etc/nixos.old
cp -R "$seed/nix" /etc/nixos.new
chown -R 0:0 /etc/nixos.new
[ ! -e /etc/nixos ] || mv /etc/nixos /etc/nixos.old
mv /etc/nixos.new /etc/nixos
rm -rf /etc/nixos.old

begin build the system
# The image's own configuration has no flakes. What is built becomes the next boot's system: a
# switch would restart the console that this runs on.
NIX_CONFIG='extra-experimental-features = nix-command flakes' \
  nixos-rebuild boot --flake path:/etc/nixos#armdev

begin record the pin
# nixpkgs as Nix has found and hashed it, for the host to keep.
[ ! -e /etc/nixos/flake.lock ] || say "LOCK $(base64 -w 0 /etc/nixos/flake.lock)"

sync
say DONE
