#!/bin/sh
# Turns a Debian root (in $1) into what stands in for NixOS on an SD image: not NixOS, but with the
# same layout, boot menu, console login, and programs of the same names. Runs on the host, as root of
# a user namespace perhaps, so nothing of the root is run.
set -eu
root=$1
standin=$2 # nixos-rebuild

# What builds projects makes up most of the root.
rm -rf "$root"/usr/lib/gcc* "$root"/usr/lib/llvm* "$root"/usr/share/doc "$root"/usr/share/locale \
  "$root"/usr/share/cmake* "$root"/usr/share/perl "$root"/usr/lib/aarch64-linux-gnu/*.a \
  "$root"/usr/lib/aarch64-linux-gnu/perl "$root"/var/lib/apt "$root"/var/cache \
  "$root"/usr/lib/python3* "$root"/usr/include "$root"/guesthouse-first-boot "$root/lost+found"

# What is lost on the way out of a disk.
chmod 4755 "$root/usr/bin/sudo"
chmod 1777 "$root/tmp" "$root/var/tmp"

# The stock image's user: on the console without a password, with sudo.
printf 'nixos:x:1001:1001::/home/nixos:/bin/bash\n' >>"$root/etc/passwd"
printf 'nixos:x:1001:\n' >>"$root/etc/group"
printf 'nixos::19000::::::\n' >>"$root/etc/shadow"
printf 'nixos ALL=(ALL:ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/nixos"
chmod 440 "$root/etc/sudoers.d/nixos"
mkdir -p "$root/home/nixos" "$root/etc/nixos"
chown 1001:1001 "$root/home/nixos"
echo nixos >"$root/etc/hostname"
printf '# The stock configuration.\n' >"$root/etc/nixos/configuration.nix"

install -m 755 "$standin" "$root/usr/local/bin/nixos-rebuild"
# nix-env --profile PROFILE --set PATH, or --switch-generation NUMBER
cat >"$root/usr/local/bin/nix-env" <<'SCRIPT'
#!/bin/sh
set -eu
[ "$1" = --profile ]
case $3 in
  --set)
    last=$(ls "$(dirname "$2")" | sed -n 's/^system-\([0-9]*\)-link$/\1/p' | sort -n | tail -n 1)
    link=$2-$((last + 1))-link
    ln -sfn "$4" "$link"
    ;;
  --switch-generation) link=$2-$4-link ;;
  *) exit 2 ;;
esac
[ -e "$link" ]
ln -sfn "$(basename "$link")" "$2"
SCRIPT
chmod 755 "$root/usr/local/bin/nix-env"

cat >"$root/etc/systemd/system/standin.target" <<'UNIT'
[Unit]
Description=Stands in for NixOS
DefaultDependencies=no
Wants=standin-activate.service standin-console.service
AllowIsolate=yes
UNIT
ln -sf standin.target "$root/etc/systemd/system/default.target"

# NixOS activates its configuration at boot.
cat >"$root/etc/systemd/system/standin-activate.service" <<'UNIT'
[Unit]
DefaultDependencies=no
ConditionPathExists=/nix/var/nix/profiles/system

[Service]
Type=oneshot
ExecStart=/nix/var/nix/profiles/system/bin/switch-to-configuration boot-time
UNIT

cat >"$root/etc/systemd/system/standin-console.service" <<'UNIT'
[Unit]
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Service]
ExecStart=/sbin/agetty --autologin nixos --noclear --keep-baud 115200 ttyAMA0 linux
Restart=always
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/ttyAMA0
TTYVHangup=yes
KillMode=process
SendSIGHUP=yes
UNIT

cat >"$root/etc/systemd/system/sshd-standin.service" <<'UNIT'
[Unit]
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=notify
RuntimeDirectory=sshd
RuntimeDirectoryMode=0755
ExecStart=/usr/sbin/sshd -D -e
KillMode=process
UNIT
sed -i '/^HostKey\|^AuthorizedKeysFile/d' "$root/etc/ssh/sshd_config"
printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nAuthorizedKeysFile /etc/ssh/authorized_keys.d/%%u\n' \
  >>"$root/etc/ssh/sshd_config"

# The menu as NixOS writes it, fdtdir included, which QEMU's machine has no use for.
mkdir -p "$root/boot/extlinux" "$root/boot/nixos"
cat >"$root/boot/extlinux/extlinux.conf" <<'CONF'
# Generated file, all changes will be lost on nixos-rebuild!
DEFAULT nixos-default
MENU TITLE ------------------------------------------------------------
TIMEOUT 10

LABEL nixos-default
  MENU LABEL NixOS - Default
  LINUX ../nixos/standin-Image
  INITRD ../nixos/standin-initrd
  APPEND init=/sbin/init console=ttyAMA0,115200n8 loglevel=4 guesthouse.root=/dev/vda2 guesthouse.init=/sbin/init guesthouse.address=10.0.2.15/24 guesthouse.gateway=10.0.2.2
  FDTDIR ../nixos/standin-dtbs
CONF
