#!/bin/sh
# Turns an Ubuntu that cloud-init has set up into a build guest. Runs in it as root, once its
# packages are installed. It must be repeatable.
set -eu

# Keys only. The host key comes with each run, so none is kept in the image.
mkdir -p /etc/ssh/sshd_config.d
cat >/etc/ssh/sshd_config.d/10-guesthouse.conf <<'CONF'
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
UseDNS no
X11Forwarding no
PrintMotd no
PrintLastLog no
# A host's own locales are not installed here.
SetEnv LANG=C.UTF-8
# One connection carries a whole build, each command a session on it.
MaxSessions 64
MaxStartups 64:30:128
CONF
rm -f /etc/ssh/ssh_host_*
for home in /home/*; do rm -f "$home/.ssh/authorized_keys"; done

# What a run brings along: a tar archive on the read-only disk with this serial number. Ownership of
# keys follows their user; certificates join those that the system trusts.
cat >/usr/local/sbin/guesthouse-seed <<'SCRIPT'
#!/bin/sh
set -eu
disk=
for block in /sys/block/vd*; do
  [ "$(cat "$block/serial")" = guesthouse-seed ] && disk=/dev/${block##*/}
done
if [ -z "$disk" ]; then
  echo "guesthouse: no disk with a seed" >/dev/console
  exit 1
fi
tar --extract --file "$disk" --directory / --no-same-owner --no-overwrite-dir
for home in /home/*; do
  if [ -d "$home/.ssh" ]; then chown -R --reference="$home" "$home/.ssh"; fi
done
hostname "$(cat /etc/hostname)"
own=/usr/local/share/ca-certificates/guesthouse-host.crt
if [ -e "$own" ]; then cat "$own" >>/etc/ssl/certs/ca-certificates.crt; fi
SCRIPT
chmod 755 /usr/local/sbin/guesthouse-seed
cat >/etc/systemd/system/guesthouse-seed.service <<'UNIT'
[Unit]
Description=What this run brings along
DefaultDependencies=no
RequiresMountsFor=/home /usr/local
After=systemd-remount-fs.service
Before=ssh.service sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/guesthouse-seed

[Install]
WantedBy=sysinit.target
UNIT

# The host watches the console for this line before it tries to connect.
cat >/etc/systemd/system/guesthouse-ready.service <<'UNIT'
[Unit]
Description=Says that SSH answers
After=ssh.service
Requires=ssh.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo "guesthouse: ready" >/dev/console'

[Install]
WantedBy=multi-user.target
UNIT

# The addresses of QEMU's user network, without asking for them.
rm -f /etc/netplan/*.yaml
mkdir -p /etc/systemd/network
cat >/etc/systemd/network/05-guesthouse.network <<'CONF'
[Match]
Name=e*

[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
DNS=10.0.2.3
LinkLocalAddressing=no
IPv6AcceptRA=no
CONF
systemctl enable --quiet systemd-networkd.service

# sshd runs by itself, not at each connection.
systemctl disable --quiet ssh.socket 2>/dev/null || true
systemctl enable --quiet ssh.service guesthouse-seed.service guesthouse-ready.service

# What a guest that is thrown away has no use for; under emulation each costs seconds of its start.
touch /etc/cloud/cloud-init.disabled
for unit in apport.service apt-daily-upgrade.timer apt-daily.timer dpkg-db-backup.timer \
  e2scrub_all.timer e2scrub_reap.service fstrim.timer fwupd-refresh.timer lvm2-monitor.service \
  man-db.timer ModemManager.service motd-news.timer multipathd.service multipathd.socket \
  open-iscsi.service packagekit.service pollinate.service snap.lxd.activate.service \
  snapd.apparmor.service snapd.seeded.service snapd.service snapd.socket sysstat.service \
  systemd-networkd-wait-online.service ua-reboot-cmds.service ubuntu-advantage.service \
  udisks2.service ufw.service unattended-upgrades.service update-notifier-download.timer; do
  if [ -e "/usr/lib/systemd/system/$unit" ] || [ -e "/lib/systemd/system/$unit" ]; then
    systemctl mask --quiet "$unit"
  fi
done

apt-get clean
# Blocks that are free again need no place in the image.
fstrim / || true
sync
