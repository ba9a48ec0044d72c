#!/bin/sh
# Turns NetBSD's own image of an installed system into a build guest. Runs as root in the guest,
# typed over the serial console: netbsd.sh USER PACKAGE... It must be repeatable.
set -eu
# shellcheck source=provision/bsd.sh
. "$(dirname "$0")/bsd.sh"
export PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/pkg/sbin:/usr/pkg/bin
user=$1
shift

step 'set up the console'
# Only boot loaders of PCs read it; it holds for the loader and for the kernel. Elsewhere the
# firmware says where the console is.
[ ! -e /boot.cfg ] || set_line /boot.cfg consdev consdev=com0
[ ! -e /boot.cfg ] || set_line /boot.cfg timeout timeout=1

step 'set up the network'
set_line /etc/rc.conf rc_configured rc_configured=YES
set_line /etc/rc.conf dhcpcd dhcpcd=YES
if ! route -n get default >/dev/null 2>&1; then
  service dhcpcd onestart
  again 6 route -n get default >/dev/null
fi

step 'install packages'
release=$(uname -r)
mirror=https://cdn.NetBSD.org/pub/pkgsrc/packages/NetBSD
PKG_PATH=$mirror/$(uname -p)/${release%%_*}/All
export PKG_PATH
# The image has pkg_add, not pkgin.
command -v pkgin >/dev/null || again 3 pkg_add pkgin
mkdir -p /usr/pkg/etc/pkgin
printf '%s\n' "$PKG_PATH" | put /usr/pkg/etc/pkgin/repositories.conf 644
again 3 pkgin -y update
again 3 pkgin -y install sudo rsync "$@"
pkgin -y clean

step "make the user $user"
id "$user" >/dev/null 2>&1 || useradd -m -s /bin/sh -G wheel "$user"
mkdir -p /usr/pkg/etc/sudoers.d
give_sudo "/usr/pkg/etc/sudoers.d/$user" "$user"

step 'set up sshd'
compilers=
for dir in /usr/pkg/gcc*/bin; do
  [ ! -d "$dir" ] || compilers=$dir:
done
configure_sshd /usr/libexec/sftp-server \
  "${compilers}/usr/pkg/bin:/usr/pkg/sbin:/usr/bin:/bin:/usr/sbin:/sbin"
set_line /etc/rc.conf sshd sshd=YES
# Each run brings its own; the others stay, since each start of sshd would make them again.
rm -f /etc/ssh/ssh_host_ed25519_key*
# The whole disk is partition d on PCs, and c elsewhere.
install_services /etc/rc.d /etc/openssl/certs/ca-certificates.crt \
  /dev/rld0d /dev/rld1d /dev/rld2d /dev/rld0c /dev/rld1c /dev/rld2c

# None of it is of use in a guest that is thrown away, and each takes seconds under emulation.
for service in postfix cron inetd ntpd syslogd virecover makemandb savecore; do
  set_line /etc/rc.conf "$service" "$service=NO"
done

step 'list packages'
pkgin -p list | cut -d ';' -f 1 | sed 's/^/guesthouse-package: /'
printf 'guesthouse-kernel: %s\n' "$release"
