#!/bin/sh
# Turns a fresh Debian root into the ARM dev guest. Runs as root with the guest's root as "/": in a
# chroot while the image is built, or on the guest's first boot where the host cannot run the
# guest's programs. It must be repeatable. What belongs to one checkout (keys, ids, the share) comes
# with each start, in /etc/guesthouse/dev.env; see lib/dev/flavour/debian_flavour.ts. arm-dev-update runs it again in
# a guest that is in use.
set -eu

# No start has been yet: this is the image.
is_image() { [ ! -e /etc/guesthouse/dev.env ]; }

# The one user, by the name that a start may have given it (dev-setup below). Its password is empty,
# which the consoles take (pam_unix has "nullok" in Debian) and sshd does not.
user=armdev
[ ! -r /var/lib/guesthouse-user ] || read -r user </var/lib/guesthouse-user
if is_image && ! id "$user" >/dev/null 2>&1; then
  useradd --create-home --uid 1000 --user-group --shell /bin/bash "$user"
fi
getent group wheel >/dev/null || groupadd --system wheel
usermod --append --groups sudo,wheel "$user"
passwd --delete "$user"
printf '%%wheel ALL=(ALL:ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/wheel
chmod 440 /etc/sudoers.d/wheel

# Keys only.
mkdir -p /etc/ssh/authorized_keys.d
cat >/etc/ssh/sshd_config <<'CONF'
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u .ssh/authorized_keys
PasswordAuthentication no
PermitEmptyPasswords no
KbdInteractiveAuthentication no
PermitRootLogin no
UsePAM no
UseDNS no
X11Forwarding no
PrintMotd no
# A host's own locales are not installed here.
SetEnv LANG=C.UTF-8
Subsystem sftp /usr/lib/openssh/sftp-server
MaxSessions 64
MaxStartups 64:30:128
LoginGraceTime 120
CONF

# For logins on consoles.
echo LANG=C.UTF-8 >/etc/default/locale

# The resolver of QEMU's user network.
rm -f /etc/resolv.conf
echo 'nameserver 10.0.2.3' >/etc/resolv.conf

# Nix without a daemon: the store belongs to the user. Its sandbox would need namespaces that
# builds under emulation pay for dearly, and the guest is the sandbox.
mkdir -p /nix /etc/nix
cat >/etc/nix/nix.conf <<'CONF'
experimental-features = nix-command flakes
sandbox = false
CONF

# What a guest in use has made its own: its user may have other ids by now, its root other disks.
# Host key, host name and hosts come with each start.
if is_image; then
  rm -f /etc/ssh/ssh_host_*
  echo armdev >/etc/hostname
  : >/etc/fstab
  : >/etc/machine-id
  chown "$user:$user" /nix
fi

# What a start brings along, before anybody can log in. It runs at every boot, so it forks little.
mkdir -p /usr/local/lib/guesthouse
cat >/usr/local/lib/guesthouse/dev-setup <<'SCRIPT'
#!/bin/sh
set -u
. /etc/guesthouse/dev.env
say() { echo "guesthouse-dev: $*" >/dev/console; }

# The user's name, where the config has another one than the image.
former=armdev
[ ! -r /var/lib/guesthouse-user ] || read -r former </var/lib/guesthouse-user
if [ "$former" != "$DEV_USER" ]; then
  say "user $former becomes $DEV_USER"
  usermod --login "$DEV_USER" --home "/home/$DEV_USER" --move-home "$former" &&
    groupmod --new-name "$DEV_USER" "$former" && echo "$DEV_USER" >/var/lib/guesthouse-user ||
    say "FAILED: cannot rename the user"
fi

# The user's ids are the host user's, so that both own the same files of the project.
while IFS=: read -r name _ uid gid _; do
  [ "$name" != "$DEV_USER" ] || break
done </etc/passwd
if [ "$uid:$gid" != "$DEV_UID:$DEV_GID" ]; then
  say "user $DEV_USER becomes $DEV_UID:$DEV_GID"
  groupmod --non-unique --gid "$DEV_GID" "$DEV_USER" &&
    usermod --non-unique --uid "$DEV_UID" --gid "$DEV_GID" "$DEV_USER" &&
    chown -R "$DEV_UID:$DEV_GID" "/home/$DEV_USER" /nix || say "FAILED: cannot change the user's ids"
fi

# A disk that has grown.
read -r sectors </sys/class/block/vda/size
used=
[ ! -r /var/lib/guesthouse-sectors ] || read -r used </var/lib/guesthouse-sectors
if [ "$sectors" != "$used" ]; then
  if resize2fs /dev/vda >/dev/console 2>&1; then
    echo "$sectors" >/var/lib/guesthouse-sectors
  else
    say "FAILED: cannot grow the file system"
  fi
fi

# The project. A guest without it is still a guest, so nothing here stops the start.
if [ -n "$SHARE_DIR" ]; then
  [ -d "$SHARE_DIR" ] || install -d -o "$DEV_UID" -g "$DEV_GID" "$SHARE_DIR"
fi
if [ -n "$SHARE_TYPE" ]; then
  [ "$SHARE_TYPE" != 9p ] || modprobe --all 9pnet_virtio 9p
  mount -t "$SHARE_TYPE" -o "$SHARE_OPTIONS" "$SHARE_SOURCE" "$SHARE_DIR" >/dev/console 2>&1 ||
    say "FAILED: cannot mount the share at $SHARE_DIR"
fi
exit 0
SCRIPT
chmod 755 /usr/local/lib/guesthouse/dev-setup

# SSH comes first and everything else later: a prompt is there long before a whole Debian is. What
# comes first must not refer to other units, of which systemd would read seventy, for two seconds
# under emulation: so not to the journal, nor to what a mounted share waits for by default
# (lib/dev/flavour/debian_flavour.ts).
cat >/etc/systemd/system/guesthouse.target <<'UNIT'
[Unit]
Description=Dev guest, up to SSH
DefaultDependencies=no
Wants=guesthouse-ssh.service guesthouse-rest.service
AllowIsolate=yes
UNIT
cat >/etc/systemd/system/guesthouse-rest.target <<'UNIT'
[Unit]
Description=Dev guest, all of it
DefaultDependencies=no
Wants=multi-user.target guesthouse-console.service guesthouse-screen.service
Wants=guesthouse-power-button.service guesthouse-clock.service
UNIT
ln -sf guesthouse.target /etc/systemd/system/default.target

cat >/etc/systemd/system/guesthouse-setup.service <<'UNIT'
[Unit]
Description=What this start brings along
DefaultDependencies=no

[Service]
Type=oneshot
RemainAfterExit=yes
StandardOutput=null
StandardError=file:/dev/console
ExecStart=/usr/local/lib/guesthouse/dev-setup
UNIT

cat >/etc/systemd/system/guesthouse-ssh.service <<'UNIT'
[Unit]
Description=SSH for the host
DefaultDependencies=no
Requires=guesthouse-setup.service
After=guesthouse-setup.service
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=notify
RuntimeDirectory=sshd
RuntimeDirectoryMode=0755
# Why it cannot start; what it has to tell later goes to the journal by itself.
StandardOutput=null
StandardError=file:/dev/console
# -r: a new connection is a fork of this process. Starting sshd anew for each takes more than half
# a second under emulation, nearly all of it in the dynamic linker.
ExecStart=/usr/sbin/sshd -D -r
# The host watches the console for this line before it tries to connect.
ExecStartPost=/bin/sh -c 'echo "guesthouse: ready" >/dev/console'
KillMode=process
Restart=on-failure
UNIT

# The rest of Debian: consoles, devices, the journal, what the user enables.
cat >/etc/systemd/system/guesthouse-rest.service <<'UNIT'
[Unit]
Description=The rest of the system
DefaultDependencies=no
After=guesthouse-ssh.service

[Service]
Type=oneshot
RemainAfterExit=yes
StandardOutput=null
StandardError=null
# The host's first login goes before.
ExecStartPre=/bin/sleep 2
ExecStart=/bin/systemctl --no-block start guesthouse-rest.target
UNIT
# The package's own service, which would take the same port; and gettys, which have their own here.
systemctl mask ssh.service ssh.socket getty.target >/dev/null 2>&1 ||
  for unit in ssh.service ssh.socket getty.target; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
  done

for console in console:ttyAMA0 screen:tty1; do
  cat >"/etc/systemd/system/guesthouse-${console%%:*}.service" <<UNIT
[Unit]
Description=Autologin on ${console#*:}
DefaultDependencies=no
After=guesthouse-ssh.service
Conflicts=shutdown.target
Before=shutdown.target
ConditionPathExists=/dev/${console#*:}

[Service]
EnvironmentFile=/etc/guesthouse/dev.env
ExecStart=/sbin/agetty --autologin \${DEV_USER} --noclear --keep-baud 115200 ${console#*:} linux
Type=idle
Restart=always
RestartSec=1
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/${console#*:}
TTYReset=yes
TTYVHangup=yes
KillMode=process
IgnoreSIGPIPE=no
SendSIGHUP=yes
UNIT
done
# A window is there with --gui alone.
sed -i 's/^ConditionPathExists=.*/&\nConditionKernelCommandLine=guesthouse.gui/' \
  /etc/systemd/system/guesthouse-screen.service

# The power button: a GPIO key on this machine. logind would handle it, and costs a second of every
# boot and of every login.
cat >/usr/local/sbin/guesthouse-power-button <<'SCRIPT'
#!/bin/sh
modprobe --quiet --all evdev gpio_pl061 gpio_keys
tries=0
while [ "$tries" -lt 40 ]; do
  for device in /sys/class/input/event*; do
    case $(cat "$device/device/name" 2>/dev/null) in
      gpio-keys | 'Power Button')
        # One event has 24 bytes (struct input_event, 64 bits); the kernel refuses shorter reads.
        head -c 24 "/dev/input/${device##*/}" >/dev/null && exec systemctl poweroff
        exit 1
        ;;
    esac
  done
  tries=$((tries + 1))
  sleep 0.5
done
echo "guesthouse: no power button" >/dev/console
SCRIPT
chmod 755 /usr/local/sbin/guesthouse-power-button
cat >/etc/systemd/system/guesthouse-power-button.service <<'UNIT'
[Unit]
Description=Power button
DefaultDependencies=no
After=guesthouse-ssh.service
Conflicts=shutdown.target

[Service]
ExecStart=/usr/local/sbin/guesthouse-power-button
StandardOutput=null
StandardError=null
UNIT

# A host that sleeps takes the guest's time along, but not the time of its hardware clock, which
# QEMU reads from the host.
cat >/usr/local/sbin/guesthouse-clock <<'SCRIPT'
#!/bin/bash
modprobe --quiet rtc_pl031
while true; do
  if read -r hardware </sys/class/rtc/rtc0/since_epoch; then
    behind=$((hardware - EPOCHSECONDS))
    [ "${behind#-}" -le 2 ] || date --utc --set "@$hardware" >/dev/null
  fi
  # A sleep of its own would be a process each time.
  read -r -t 5 <>/run/guesthouse-clock || :
done
SCRIPT
chmod 755 /usr/local/sbin/guesthouse-clock
cat >/etc/systemd/system/guesthouse-clock.service <<'UNIT'
[Unit]
Description=Follow the host's clock
DefaultDependencies=no
After=guesthouse-ssh.service
Conflicts=shutdown.target

[Service]
ExecStartPre=/bin/sh -c '[ -p /run/guesthouse-clock ] || mkfifo -m 600 /run/guesthouse-clock'
ExecStart=/usr/local/sbin/guesthouse-clock
Restart=on-failure
UNIT

# Generators look for things that this guest cannot have (encrypted disks, hibernation, ...); under
# emulation each costs a tenth of a second or more.
mkdir -p /etc/systemd/system-generators
for generator in /usr/lib/systemd/system-generators/*; do
  ln -sf /dev/null "/etc/systemd/system-generators/${generator##*/}"
done
