//! Addresses by ioctl(2), see netdevice(7). QEMU's user network gives fixed ones, so there is no
//! lease to wait for.

use crate::cmdline::Words;
use crate::errno::error;
use crate::report::{say, say_failed, Watch};
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;

const INTERFACE: &str = "eth0";

/// Brings up `lo`, and `eth0` if `guesthouse.address=ADDRESS/BITS` is given. A failure is only
/// reported: a guest may not need its network.
pub fn set_up_network(words: &Words, watch: &mut Watch) {
    let socket = match UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)) {
        Ok(socket) => socket,
        Err(error) => return say_failed("network", &error),
    };
    if let Err(error) = bring_up(&socket, "lo") {
        say_failed("network lo", &error);
    }
    let Some(address) = words.value("address") else {
        return;
    };
    match configure(&socket, address, words.value("gateway")) {
        Ok(()) => say!("network: {} ms ({INTERFACE}, {address})", watch.step_ms()),
        Err(error) => say_failed("network", &error),
    }
}

fn configure(socket: &UdpSocket, address: &str, gateway: Option<&str>) -> io::Result<()> {
    let invalid = || error(libc::EINVAL);
    let (address, netmask) = parse_address(address).ok_or_else(invalid)?;
    let gateway = gateway.map(str::parse).transpose().map_err(|_| invalid())?;
    set_address(socket, libc::SIOCSIFADDR, address)?;
    set_address(socket, libc::SIOCSIFNETMASK, netmask)?;
    bring_up(socket, INTERFACE)?;
    gateway.map_or(Ok(()), |gateway| add_default_route(socket, gateway))
}

/// `10.0.2.15/24` as address and netmask.
fn parse_address(text: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let (address, bits) = text.split_once('/')?;
    let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
    let netmask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Some((address.parse().ok()?, Ipv4Addr::from(netmask)))
}

fn request(interface: &str) -> libc::ifreq {
    // SAFETY: all zeroes is a valid `ifreq`: no name, no address.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes()) {
        *to = from as libc::c_char;
    }
    request
}

/// An IPv4 address in the general form.
fn socket_address(address: Ipv4Addr) -> libc::sockaddr {
    // SAFETY: both are 16 bytes, and a `sockaddr_in` is a `sockaddr` of its family.
    unsafe {
        let mut inet: libc::sockaddr_in = std::mem::zeroed();
        inet.sin_family = libc::AF_INET as libc::sa_family_t;
        inet.sin_addr.s_addr = u32::from_ne_bytes(address.octets());
        std::mem::transmute(inet)
    }
}

/// ioctl(2) with a structure that belongs to `code`.
fn control<T>(socket: &UdpSocket, code: libc::c_ulong, argument: &mut T) -> io::Result<()> {
    // SAFETY: each caller passes what its code is documented to take, valid for the call.
    match unsafe { libc::ioctl(socket.as_raw_fd(), code as _, argument) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn set_address(socket: &UdpSocket, code: libc::c_ulong, address: Ipv4Addr) -> io::Result<()> {
    let mut request = request(INTERFACE);
    request.ifr_ifru.ifru_addr = socket_address(address);
    control(socket, code, &mut request)
}

fn bring_up(socket: &UdpSocket, interface: &str) -> io::Result<()> {
    let mut request = request(interface);
    control(socket, libc::SIOCGIFFLAGS as _, &mut request)?;
    // SAFETY: SIOCGIFFLAGS has filled in the flags.
    unsafe { request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short };
    control(socket, libc::SIOCSIFFLAGS as _, &mut request)
}

/// `struct rtentry` of linux/route.h, which the libc crate lacks for glibc.
#[repr(C)]
struct RouteEntry {
    pad1: libc::c_ulong,
    destination: libc::sockaddr,
    gateway: libc::sockaddr,
    netmask: libc::sockaddr,
    flags: u16,
    pad2: i16,
    pad3: libc::c_ulong,
    pad4: *mut libc::c_void,
    metric: i16,
    device: *mut libc::c_char,
    mtu: libc::c_ulong,
    window: libc::c_ulong,
    irtt: u16,
}

fn add_default_route(socket: &UdpSocket, gateway: Ipv4Addr) -> io::Result<()> {
    // SAFETY: all zeroes is valid: null pointers and numbers.
    let mut route: RouteEntry = unsafe { std::mem::zeroed() };
    route.destination = socket_address(Ipv4Addr::UNSPECIFIED);
    route.gateway = socket_address(gateway);
    route.netmask = socket_address(Ipv4Addr::UNSPECIFIED);
    // RTF_UP and RTF_GATEWAY
    route.flags = 0x1 | 0x2;
    control(socket, libc::SIOCADDRT as _, &mut route)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_address_gives_the_netmask() {
        for (text, netmask) in [
            ("10.0.2.15/24", [255, 255, 255, 0]),
            ("10.0.2.15/0", [0, 0, 0, 0]),
            ("10.0.2.15/32", [255, 255, 255, 255]),
            ("10.0.2.15/20", [255, 255, 240, 0]),
        ] {
            let expected = (Ipv4Addr::new(10, 0, 2, 15), Ipv4Addr::from(netmask));
            assert_eq!(parse_address(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn parse_address_refuses_the_rest() {
        for text in ["", "10.0.2.15", "10.0.2/24", "10.0.2.15/33", "10.0.2.15/-1", "::1/64"] {
            assert_eq!(parse_address(text), None, "{text}");
        }
    }

    #[test]
    fn socket_address_is_in_network_order() {
        let data = socket_address(Ipv4Addr::new(10, 0, 2, 15)).sa_data;
        assert_eq!(data[2..6], [10, 0, 2, 15]);
    }
}
