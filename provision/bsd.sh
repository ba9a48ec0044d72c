#!/bin/sh
# What freebsd.sh and netbsd.sh share: they read it. It is typed over the serial console with them,
# so its lines are short, and it must be repeatable.
set -eu

# The host shows it as the progress, and says in an error which step it was.
step() { printf 'guesthouse-provision: STEP %s\n' "$*"; }

# again TIMES COMMAND...: mirrors fail for a moment.
again() {
  left=$1
  shift
  until "$@" </dev/null; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep "${GUESTHOUSE_PAUSE:-10}"
  done
}

# put FILE MODE: standard input as a file, in one step.
put() {
  cat >"$1.new"
  chmod "$2" "$1.new"
  mv "$1.new" "$1"
}

# set_line FILE KEY LINE: replaces the lines that begin with KEY=, or adds one.
set_line() {
  touch "$1"
  { grep -v "^$2=" "$1" || :; printf '%s\n' "$3"; } >"$1.new"
  cat "$1.new" >"$1"
  rm "$1.new"
}

# give_sudo FILE USER
give_sudo() { printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$2" | put "$1" 440; }

# configure_sshd SFTP_SERVER PATH: keys only; each run brings its own, and the host's.
configure_sshd() {
  put /etc/ssh/sshd_config 644 <<CONF
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
UsePAM no
UseDNS no
X11Forwarding no
PrintMotd no
SetEnv PATH=$2
Subsystem sftp $1
MaxSessions 64
MaxStartups 64:30:128
LoginGraceTime 120
CONF
}

# install_services DIRECTORY CERTIFICATES DISK...: unpacks what a run brings, a tar on a disk of its
# own, before sshd starts; and tells the host when sshd listens.
install_services() {
  dir=$1
  certificates=$2
  shift 2
  mkdir -p "$dir"
  put "$dir/guesthouse_seed" 555 <<SCRIPT
#!/bin/sh
# PROVIDE: guesthouse_seed
# REQUIRE: mountcritlocal
# BEFORE: sshd
[ "\${1#*start}" != "\$1" ] || exit 0
for disk in $*; do
  [ -c "\$disk" ] || [ -b "\$disk" ] || continue
  # ustar's magic, at its place in the header of the first file.
  magic=\$(dd if="\$disk" bs=512 count=1 2>/dev/null |
    dd bs=1 skip=257 count=5 2>/dev/null | tr -d '\\0')
  [ "\$magic" = ustar ] || continue
  dd if="\$disk" bs=64k 2>/dev/null | tar -xpf - -C /
  [ ! -r /etc/guesthouse-hostname ] ||
    hostname "\$(cat /etc/guesthouse-hostname)"
  [ ! -r /etc/guesthouse-certificates.pem ] ||
    cat /etc/guesthouse-certificates.pem >>$certificates
  exit 0
done
echo 'guesthouse: no disk has what this run brings' >/dev/console
SCRIPT
  put "$dir/guesthouse_ready" 555 <<'SCRIPT'
#!/bin/sh
# PROVIDE: guesthouse_ready
# REQUIRE: sshd
[ "${1#*start}" != "$1" ] || exit 0
echo 'guesthouse: ready' >/dev/console
SCRIPT
}
