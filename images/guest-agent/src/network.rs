//! The guest's one network card, set up by ioctl(2): a fixed address, a route and a name server.

use crate::boot::{kernel_word, mount, report};
use crate::sys;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::path::Path;

/// Type of an Ethernet device in sysfs: `ARPHRD_ETHER` of `<linux/if_arp.h>`.
const ETHERNET: &str = "1";
const RESOLV_CONF: &str = "/etc/resolv.conf";

#[derive(Debug, PartialEq, Eq)]
struct Settings {
    address: Ipv4Addr,
    mask: Ipv4Addr,
    gateway: Ipv4Addr,
    dns: Ipv4Addr,
}

/// Sets up `lo` and the first Ethernet device as the kernel's command line says.
pub fn set_up(words: &str) {
    report("lo", bring_up("lo"));
    if kernel_word(words, "guesthouse.network") == Some("off") {
        return;
    }
    let settings = settings(words);
    if let Some(device) = first_ethernet() {
        report(&format!("network {device}"), configure(&device, &settings));
    }
    report(RESOLV_CONF, write_resolv_conf(&format!("nameserver {}\n", settings.dns)));
}

/// The defaults, overridden by the words that can be read.
fn settings(words: &str) -> Settings {
    let ip = |key: &str| kernel_word(words, key).and_then(|word| word.parse().ok());
    let own = kernel_word(words, "guesthouse.address").and_then(parse_cidr);
    let (address, mask) = own.unwrap_or((Ipv4Addr::new(192, 168, 127, 2), mask_of(24)));
    let gateway = ip("guesthouse.gateway").unwrap_or(Ipv4Addr::new(192, 168, 127, 1));
    Settings { address, mask, gateway, dns: ip("guesthouse.dns").unwrap_or(gateway) }
}

/// `192.168.127.2/24` as address and mask.
fn parse_cidr(text: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let (address, bits) = text.split_once('/')?;
    let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
    Some((address.parse().ok()?, mask_of(bits)))
}

fn mask_of(bits: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::MAX.checked_shl(32 - bits).unwrap_or(0))
}

/// The first by name that is backed by a device (a bridge or a tunnel is not).
fn first_ethernet() -> Option<String> {
    let entries = fs::read_dir("/sys/class/net").ok()?.flatten();
    let ethernet = entries.filter(|entry| {
        let kind = fs::read_to_string(entry.path().join("type")).unwrap_or_default();
        kind.trim() == ETHERNET && entry.path().join("device").exists()
    });
    ethernet.map(|entry| entry.file_name().to_string_lossy().into_owned()).min()
}

fn configure(device: &str, settings: &Settings) -> io::Result<()> {
    let mut request = request_for(device);
    request.ifr_ifru.ifru_addr = socket_address(settings.address);
    ioctl(libc::SIOCSIFADDR, &mut request)?;
    request.ifr_ifru.ifru_netmask = socket_address(settings.mask);
    ioctl(libc::SIOCSIFNETMASK, &mut request)?;
    bring_up(device)?;
    add_default_route(settings.gateway)
}

fn bring_up(device: &str) -> io::Result<()> {
    let mut request = request_for(device);
    ioctl(libc::SIOCGIFFLAGS, &mut request)?;
    // SAFETY: the call above has filled in the flags.
    let flags = unsafe { request.ifr_ifru.ifru_flags };
    request.ifr_ifru.ifru_flags = flags | (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    ioctl(libc::SIOCSIFFLAGS, &mut request)
}

fn add_default_route(gateway: Ipv4Addr) -> io::Result<()> {
    // SAFETY: a struct of integers and pointers, for which zero is a value.
    let mut route: libc::rtentry = unsafe { std::mem::zeroed() };
    route.rt_dst = socket_address(Ipv4Addr::UNSPECIFIED);
    route.rt_genmask = socket_address(Ipv4Addr::UNSPECIFIED);
    route.rt_gateway = socket_address(gateway);
    route.rt_flags = libc::RTF_UP | libc::RTF_GATEWAY;
    ioctl(libc::SIOCADDRT, &mut route)
}

fn request_for(device: &str) -> libc::ifreq {
    // SAFETY: as above.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().take(libc::IFNAMSIZ - 1).zip(device.bytes()) {
        *to = from as libc::c_char;
    }
    request
}

/// The address as the general `sockaddr`, whose bytes are those of `sockaddr_in`.
fn socket_address(address: Ipv4Addr) -> libc::sockaddr {
    // SAFETY: as above.
    let mut general: libc::sockaddr = unsafe { std::mem::zeroed() };
    general.sa_family = libc::AF_INET as libc::sa_family_t;
    for (to, from) in general.sa_data[2..6].iter_mut().zip(address.octets()) {
        *to = from as libc::c_char;
    }
    general
}

fn ioctl<T>(request: libc::c_ulong, argument: &mut T) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    // SAFETY: every caller passes the struct that its request wants.
    sys::check(unsafe { libc::ioctl(socket.as_raw_fd(), request, std::ptr::from_mut(argument)) })?;
    Ok(())
}

/// Writes the file; if it is read-only, mounts a file of /run over it.
fn write_resolv_conf(text: &str) -> io::Result<()> {
    // Without systemd, its link into /run points nowhere.
    if let Ok(target) = fs::read_link(RESOLV_CONF) {
        let target = Path::new("/etc").join(target);
        let _ = target.parent().map(fs::create_dir_all);
    }
    let written = fs::write(RESOLV_CONF, text);
    if !matches!(&written, Err(error) if error.raw_os_error() == Some(libc::EROFS)) {
        return written;
    }
    fs::write("/run/resolv.conf", text)?;
    mount("/run/resolv.conf", RESOLV_CONF, "", libc::MS_BIND, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_their_length() {
        let mask = |text: &str| parse_cidr(text).map(|(_, mask)| mask.to_string());
        assert_eq!(mask("10.0.2.15/24").as_deref(), Some("255.255.255.0"));
        assert_eq!(mask("10.0.2.15/0").as_deref(), Some("0.0.0.0"));
        assert_eq!(mask("10.0.2.15/32").as_deref(), Some("255.255.255.255"));
        for bad in ["10.0.2.15", "10.0.2.15/33", "10.0.2/24", "/24", "x/y"] {
            assert_eq!(mask(bad), None, "{bad}");
        }
    }

    #[test]
    fn words_override_the_defaults_one_by_one() {
        let default = settings("quiet");
        assert_eq!(default.address.to_string(), "192.168.127.2");
        assert_eq!(default.dns, default.gateway);
        let own = settings("guesthouse.gateway=10.0.2.2 guesthouse.address=10.0.2.15/8");
        assert_eq!(
            (own.gateway.to_string(), own.mask.to_string()),
            ("10.0.2.2".into(), "255.0.0.0".into())
        );
        assert_eq!(own.dns, own.gateway);
    }

    #[test]
    fn a_socket_address_has_the_bytes_of_sockaddr_in() {
        let bytes = socket_address(Ipv4Addr::new(1, 2, 3, 4)).sa_data;
        assert_eq!(
            bytes[..6].iter().map(|byte| *byte as u8).collect::<Vec<_>>(),
            [0, 0, 1, 2, 3, 4]
        );
    }

    /// As the kernel sees it, in a network namespace of this thread; needs root.
    #[test]
    fn a_device_gets_address_and_default_route() {
        // SAFETY: no memory is involved.
        if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
            eprintln!("skipped: no network namespace without root");
            return;
        }
        configure("lo", &settings("")).unwrap();
        let routes = fs::read_to_string("/proc/thread-self/net/route").unwrap();
        let fields = |line: &str| line.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        let routes: Vec<String> = routes.lines().skip(1).map(fields).collect();
        // 192.168.127.1 as the kernel prints it: hexadecimal, of a little-endian number.
        assert!(routes.contains(&"lo 00000000 017FA8C0".to_string()), "{routes:?}");
    }
}
