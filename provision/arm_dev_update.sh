#!/bin/sh
# Applies a configuration to the running dev guest, and takes it back unless the host confirms that
# it can still log in. Runs as root in the guest; lib/dev/update.ts calls it:
#   update start FLAVOUR SECONDS   begins, by itself: no connection has to last
#   update poll LINE               prints the state, then the log from that line on
#   update confirm                 keeps what was applied
# The folder of this script has the new configuration: nix/ or provision.sh.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
run=/run/guesthouse-update
profile=/nix/var/nix/profiles/system
former_etc=/var/lib/guesthouse-update/former.tar

state() {
  # Renamed into place, so that nobody reads half a word.
  echo "$*" >"$run/state.new"
  mv "$run/state.new" "$run/state"
}

# NixOS: each configuration is a generation, and the one before is still there.
nixos_save() {
  former=$(readlink "$profile")
  former=${former#system-}
  former=${former%-link}
}
nixos_apply() {
  rm -rf /etc/nixos.new
  cp -R "$here/nix" /etc/nixos.new
  chown -R 0:0 /etc/nixos.new
  nixos-rebuild switch --flake path:/etc/nixos.new#armdev
}
nixos_keep() {
  rm -rf /etc/nixos.old
  mv /etc/nixos /etc/nixos.old
  mv /etc/nixos.new /etc/nixos
  rm -rf /etc/nixos.old
}
nixos_undo() {
  # What failed to build has changed nothing.
  [ "$(readlink "$profile")" != "system-$former-link" ] || return 0
  nix-env --profile "$profile" --switch-generation "$former" &&
    "$profile/bin/switch-to-configuration" switch
}
# What only a start can change: the kernel and what it boots with.
nixos_restart() {
  for part in kernel initrd kernel-modules; do
    booted=$(readlink -f "/run/booted-system/$part" || :)
    [ "$booted" = "$(readlink -f "/run/current-system/$part" || :)" ] || return 0
  done
  return 1
}

# Debian: the flavour's own provisioning, which writes below /etc and /usr/local.
debian_save() {
  mkdir -p "$(dirname "$former_etc")"
  tar -C / -cpf "$former_etc" etc usr/local
}
debian_apply() {
  sh "$here/provision.sh"
  # These come with each start, and provisioning removes them for the image's sake.
  tar -C / -xpf "$former_etc" --wildcards etc/hostname etc/hosts etc/machine-id 'etc/ssh/ssh_host_*'
  systemctl daemon-reload
  systemctl restart guesthouse-ssh.service
}
debian_keep() { rm -f "$former_etc"; }
debian_undo() {
  tar -tf "$former_etc" | sed 's,/$,,' | sort >"$run/former"
  (cd / && find etc usr/local) | sort | comm -13 "$run/former" - | while read -r added; do
    # The folder of what was just removed is gone with it.
    rm -rf "/${added:?}"
  done
  tar -C / -xpf "$former_etc"
  systemctl daemon-reload
  systemctl restart guesthouse-ssh.service
}
debian_restart() { return 1; }

work() {
  flavour=$1
  seconds=$2
  state working
  "${flavour}_save"
  status=0
  # `set -e` does not count inside a condition, so the step has a shell of its own.
  sh "$here/update" step "$flavour" apply || status=$?
  if [ "$status" != 0 ]; then
    state "undoing failed"
    "${flavour}_undo" || { state "stuck failed"; exit 1; }
    state failed
    return
  fi
  state applied
  while [ "$seconds" -gt 0 ]; do
    if [ -e "$run/confirmed" ]; then
      "${flavour}_keep"
      if "${flavour}_restart"; then state "kept restart"; else state kept; fi
      return
    fi
    sleep 1
    seconds=$((seconds - 1))
  done
  state "undoing silent"
  "${flavour}_undo" || { state "stuck silent"; exit 1; }
  state undone
}

case $1 in
  start)
    if [ -e "$run/state" ]; then
      case "$(cat "$run/state")" in
        working | applied | undoing*) echo "guesthouse: another update is at work" >&2; exit 75 ;;
      esac
    fi
    rm -rf "$run"
    mkdir -p -m 700 "$run"
    state begun
    systemctl reset-failed guesthouse-update.service 2>/dev/null || :
    # A unit of its own: it outlives the connection, and sshd. Without dependencies, as a guest may
    # be up without all that units wait for by default.
    systemd-run --quiet --no-block --unit=guesthouse-update \
      --property=DefaultDependencies=no --property=StandardOutput="file:$run/log" \
      --property=StandardError="file:$run/log" --setenv=PATH="$PATH" \
      sh "$here/update" work "$2" "$3"
    ;;
  work) work "$2" "$3" ;;
  step) "$2_$3" ;;
  poll)
    cat "$run/state"
    [ ! -e "$run/log" ] || tail -n "+$2" "$run/log"
    ;;
  confirm) : >"$run/confirmed" ;;
esac
