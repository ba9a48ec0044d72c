#!/bin/sh
# Applies a configuration to the running dev guest, and takes it back unless the host confirms that
# it can still log in. Runs as root in the guest; lib/dev/update.ts calls it:
#   update start FLAVOUR SECONDS   begins, by itself: no connection has to last
#   update poll LINE               prints the state, then the log from that line on
#   update confirm                 keeps what was applied
# The directory of this script has the new configuration: nix/ or provision.sh.
#
# From before anything is applied until it is kept or taken back there is a file $pending. A worker
# that dies leaves it to `settle`, which systemd runs then; a guest that ends leaves it to its next
# start. On NixOS that start is the undo, as what is applied does not boot before it is kept. On
# Debian the undo runs before systemd does.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=/
run=/run/guesthouse-update
profile=/nix/var/nix/profiles/system
nixos=/etc/nixos
store=/var/lib/guesthouse-update
# tiny-init hands over to this program, where there is one, and not to /sbin/init
# (docs/tiny-init.md). Neither provisioning nor any unit can be in its way, and a start without
# anything to take back has nothing to read.
hook=/sbin/guest-agent

state() {
  # Renamed into place, so that nobody reads half a word.
  echo "$*" >"$run/state.new"
  mv "$run/state.new" "$run/state"
}

# `set -e` does not count inside a condition, so a step has a shell of its own.
step() { sh "$here/update" step "$flavour" "$1"; }

# NixOS: what is active and what boots are two things.
nixos_save() {
  former=$(readlink "$profile")
  former=${former#system-}
  echo "${former%-link}" >"$run/former"
}
nixos_apply() {
  rm -rf "$nixos.new"
  cp -R "$here/nix" "$nixos.new"
  chown -R 0:0 "$nixos.new"
  cd "$run"
  # Leaves a link `result`. What fails to build has changed nothing.
  nixos-rebuild build --flake "path:$nixos.new#armdev"
  : >"$pending"
  "$run/result/bin/switch-to-configuration" test
}
nixos_keep() {
  system=$(readlink -f "$run/result")
  nix-env --profile "$profile" --set "$system"
  "$system/bin/switch-to-configuration" boot
  rm -rf "$nixos.old"
  [ ! -e "$nixos" ] || mv "$nixos" "$nixos.old"
  mv "$nixos.new" "$nixos"
  sync
  rm -rf "$pending" "$nixos.old"
}
nixos_undo() {
  # Keeping it may have begun, and failed.
  nix-env --profile "$profile" --switch-generation "$(cat "$run/former")"
  "$profile/bin/switch-to-configuration" switch
  rm -f "$pending"
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
  rm -rf "$store"
  mkdir -p -m 700 "$store"
  # Status 1: a file changed while it was read, as files of a running system may.
  tar -C "$root" -cpf "$store/former.tar" etc usr/local || [ "$?" = 1 ] || {
    rm -rf "$store"
    return 1
  }
  cp "$here/update" "$store/update"
  {
    echo '#!/bin/sh'
    echo "# An update was not kept when the guest ended: see $store/update."
    echo 'export PATH=/usr/sbin:/usr/bin:/sbin:/bin'
    echo "sh $store/update step debian boot || echo 'guesthouse: FAILED: cannot take back the update'"
    echo 'exec /sbin/init "$@"'
  } >"$hook.new"
  chmod 755 "$hook.new"
  # A start runs it as soon as it is there, so all it takes is on the disk before.
  sync
  mv "$hook.new" "$hook"
  sync
  : >"$pending"
  sync
}
debian_apply() {
  sh "$here/provision.sh"
  systemctl daemon-reload
  systemctl restart guesthouse-ssh.service
}
debian_keep() {
  sync
  debian_forget
}
debian_forget() {
  rm -f "$pending"
  sync
  rm -rf "$hook" "$hook.new" "$store"
}
debian_undo() {
  debian_restore
  systemctl daemon-reload
  systemctl restart guesthouse-ssh.service
  debian_forget
}
# What the guest's next start runs, before systemd.
debian_boot() {
  if [ -e "$pending" ]; then
    echo "guesthouse: takes back an update that was not kept"
    # What this start brought along (packDevSeed() in lib/dev/flavour/debian_flavour.ts) is newer than that.
    (cd "$root" && ls -d etc/hostname etc/hosts etc/guesthouse etc/ssh/ssh_host_ed25519_key* \
      etc/ssh/authorized_keys.d etc/systemd/system/*.mount \
      etc/systemd/system/guesthouse-setup.service.d etc/profile.d/guesthouse-shell.sh \
      usr/local/lib/guesthouse/dev-env usr/local/lib/guesthouse/shell 2>/dev/null || :) \
      >"$store/seeded"
    tar -C "$root" -cpf "$store/seed.tar" --no-unquote -T "$store/seeded"
    debian_restore
    debian_extract "$store/seed.tar"
  fi
  debian_forget
}
# May be interrupted, and begin again.
debian_restore() {
  # One order for `sort` and `comm`, whatever the locale.
  export LC_ALL=C
  tar --quoting-style=literal -tf "$store/former.tar" >"$store/listed"
  sed 's,/$,,' "$store/listed" | sort >"$store/former"
  (cd "$root" && find etc usr/local) >"$store/found"
  sort "$store/found" | comm -13 "$store/former" - >"$store/added"
  while IFS= read -r added; do
    # The directory of what was just removed is gone with it.
    rm -rf "$root/${added:?}"
  done <"$store/added"
  debian_extract "$store/former.tar"
  sync
}
debian_extract() {
  # Early in a start the clock is at its beginning, so every file is from the future.
  tar --warning=no-timestamp -C "$root" -xpf "$1"
}
debian_restart() { return 1; }

work() {
  seconds=$1
  state working
  # What another worker could not take back is nothing to return to.
  take_back failed
  step save
  if ! step apply; then
    take_back failed
    state failed
    return
  fi
  state applied
  while [ "$seconds" -gt 0 ]; do
    if [ -e "$run/confirmed" ]; then
      step keep
      kept
      return
    fi
    sleep 1
    seconds=$((seconds - 1))
  done
  take_back silent
  state undone
}

# For a reason. Where it cannot, that is the end.
take_back() {
  [ -e "$pending" ] || return 0
  state "undoing $1"
  step undo || {
    state "stuck $1"
    exit 1
  }
}

kept() { if step restart; then state "kept restart"; else state kept; fi; }

# After the worker, however it ended: a full disk, a lack of memory, somebody's kill.
settle() {
  case $(cat "$run/state") in
    kept* | undone | failed | broken | stuck*) return ;;
    applied) [ -e "$pending" ] || { kept; return; } ;;
  esac
  echo "guesthouse: the update ended before its time"
  take_back broken
  state broken
}

# Whether the worker is there, or about to be. In doubt it is.
at_work() {
  shown=$(systemctl show --property=ActiveState,Job guesthouse-update.service) || return 0
  case $shown in
    *=active* | *=activating* | *=deactivating* | *=reloading* | *Job=[1-9]*) return 0 ;;
  esac
  return 1
}

start() {
  if at_work; then
    echo "guesthouse: another update is at work" >&2
    exit 75
  fi
  rm -rf "$run"
  mkdir -p -m 700 "$run"
  # A copy: whoever is refused above has sent a configuration, too.
  cp -R "$here" "$run/tree"
  state begun
  systemctl reset-failed guesthouse-update.service 2>/dev/null || :
  # A unit of its own: it outlives the connection, and sshd. Without dependencies, as a guest may
  # be up without all that units wait for by default.
  systemd-run --quiet --no-block --unit=guesthouse-update --property=DefaultDependencies=no \
    --property=StandardOutput="append:$run/log" --property=StandardError="append:$run/log" \
    --property=ExecStopPost="/bin/sh $run/tree/update settle $1" \
    --property=TimeoutStopSec=infinity --setenv=PATH="$PATH" \
    sh "$run/tree/update" work "$1" "$2"
}

poll() {
  # Asked for first: a worker that ends just then has left its last state.
  if at_work; then working=true; else working=false; fi
  word=$(cat "$run/state" 2>/dev/null || echo none)
  case $word in
    begun | working | applied | undoing*) $working || word=dead ;;
  esac
  echo "$word"
  [ ! -e "$run/log" ] || tail -n "+$1" "$run/log"
}

# A start of the guest is the end of what NixOS has pending, and of /run.
use() {
  flavour=$1
  case $flavour in
    nixos) pending=$run/pending ;;
    debian) pending=$store/pending ;;
  esac
}

case $1 in
  start) start "$2" "$3" ;;
  work)
    use "$2"
    work "$3"
    ;;
  settle)
    use "$2"
    settle
    ;;
  step)
    use "$2"
    "$2_$3"
    ;;
  poll) poll "$2" ;;
  confirm) : >"$run/confirmed" ;;
esac
