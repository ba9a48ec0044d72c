#!/bin/sh
# Turns FreeBSD's own image for virtual machines into a build guest. Runs as root in the guest,
# typed over the serial console: freebsd.sh USER PACKAGE... It must be repeatable.
set -eu
# shellcheck source=provision/bsd.sh
. "$(dirname "$0")/bsd.sh"
export PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin
user=$1
shift

step 'set up the console'
sysrc -f /boot/loader.conf autoboot_delay=1 beastie_disable=YES
# Without it, the messages of the loader and the kernel go to the screen that no guest has. UEFI says
# itself where the console is, and not every loader of its kind knows this name.
if [ "$(sysctl -n machdep.bootmethod 2>/dev/null)" = BIOS ]; then
  sysrc -f /boot/loader.conf console=comconsole,vidconsole
fi

step 'set up the network'
sysrc ifconfig_DEFAULT=DHCP background_dhclient=NO defaultroute_delay=10
if ! route -n get default >/dev/null 2>&1; then
  service netif restart
  service routing restart
fi

step 'install packages'
# The image may be of a patch level for which the mirror has no word yet.
export ASSUME_ALWAYS_YES=yes IGNORE_OSVERSION=yes
again 3 pkg bootstrap
again 3 pkg update
again 3 pkg install -y sudo rsync "$@"
pkg clean -a -y

step "make the user $user"
pw usershow "$user" >/dev/null 2>&1 ||
  pw useradd -n "$user" -m -s /bin/sh -G wheel -w no
give_sudo "/usr/local/etc/sudoers.d/$user" "$user"

step 'set up sshd'
configure_sshd /usr/libexec/sftp-server \
  /usr/local/bin:/usr/local/sbin:/usr/bin:/bin:/usr/sbin:/sbin
sysrc sshd_enable=YES
# Only this key counts, and each run brings it.
sysrc sshd_rsa_enable=NO sshd_ecdsa_enable=NO sshd_ed25519_enable=YES
rm -f /etc/ssh/ssh_host_*
install_services /usr/local/etc/rc.d /etc/ssl/cert.pem /dev/vtbd0 /dev/vtbd1 /dev/vtbd2

# None of it is of use in a guest that is thrown away, and each takes seconds under emulation.
sysrc sendmail_enable=NONE cron_enable=NO syslogd_enable=NO dumpdev=NO entropy_save_sz=0 \
  update_motd=NO savecore_enable=NO

step 'list packages'
pkg query '%n %v' | sed 's/^/guesthouse-package: /'
printf 'guesthouse-kernel: %s\n' "$(uname -r)"
