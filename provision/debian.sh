#!/bin/sh
# Turns a fresh Debian root into a build guest. Runs as root with the guest's root as "/": in a
# chroot while the image is built, or on the guest's first boot where the host cannot run the
# guest's programs. It must be repeatable.
set -eu

# The user that builds. uid 1000 is also what the initramfs gives the keys to. Every command runs in
# its shell, which bash would make a tenth of a second longer under emulation.
id ci >/dev/null 2>&1 || useradd --create-home --uid 1000 --shell /bin/sh ci
install -d -m 700 -o ci -g ci /home/ci/.ssh
printf 'ci ALL=(ALL:ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/ci
chmod 440 /etc/sudoers.d/ci
# No password opens anything; sshd refuses a locked account ("!"), a "*" only has no password.
usermod -p '*' ci

# Keys only. The host key comes with each run, so none is kept in the image.
rm -f /etc/ssh/ssh_host_*
cat >/etc/ssh/sshd_config <<'CONF'
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
UsePAM no
UseDNS no
X11Forwarding no
PrintMotd no
# A host's own locales are not installed here.
SetEnv LANG=C.UTF-8
Subsystem sftp /usr/lib/openssh/sftp-server
# One connection carries a whole build, each command a session on it.
MaxSessions 64
MaxStartups 64:30:128
ClientAliveInterval 0
LoginGraceTime 120
CONF

# Each run brings its own, and its hosts.
echo guesthouse >/etc/hostname
# The resolver of QEMU's user network.
rm -f /etc/resolv.conf
echo 'nameserver 10.0.2.3' >/etc/resolv.conf
: >/etc/fstab
: >/etc/machine-id

# sshd is the one service of a build guest, so the guest boots into a target that holds nothing
# else. It starts at once: the initramfs has mounted the root and set up the network. Any other
# unit still works when it is asked for (systemctl start NAME).
cat >/etc/systemd/system/guesthouse.target <<'UNIT'
[Unit]
Description=Build guest
DefaultDependencies=no
Wants=guesthouse-ssh.service guesthouse-power-button.service
AllowIsolate=yes
UNIT
ln -sf guesthouse.target /etc/systemd/system/default.target

cat >/etc/systemd/system/guesthouse-ssh.service <<'UNIT'
[Unit]
Description=SSH for the host
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=notify
RuntimeDirectory=sshd
RuntimeDirectoryMode=0755
# Not the journal: systemd would read seventy more units before it starts sshd, which takes more
# than a second under emulation. Why sshd cannot start is told on the console.
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

# The power button. logind would handle it, and costs a second of every boot under emulation; the
# button is the guest's only input device that matters, so a blocking read of its events will do.
cat >/usr/local/sbin/guesthouse-power-button <<'SCRIPT'
#!/bin/sh
for module in evdev button; do modprobe --quiet "$module"; done
tries=0
while [ "$tries" -lt 20 ]; do
  for device in /sys/class/input/event*; do
    case $(cat "$device/device/name" 2>/dev/null) in
      'Power Button')
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
# The ARM machine's GPIO key has no driver in the cloud kernel; such guests are told over SSH.
ConditionArchitecture=x86-64

[Service]
ExecStart=/usr/local/sbin/guesthouse-power-button
StandardOutput=null
StandardError=null
UNIT

# Generators look for things that a build guest cannot have (encrypted disks, hibernation, ...);
# under emulation each costs a tenth of a second or more.
mkdir -p /etc/systemd/system-generators
for generator in /usr/lib/systemd/system-generators/*; do
  ln -sf /dev/null "/etc/systemd/system-generators/${generator##*/}"
done
