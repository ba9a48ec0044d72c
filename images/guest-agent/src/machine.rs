//! What the agent knows about the machine and can do to it.

use crate::console::say_failed;
use crate::failure::Failure;
use crate::requests::{Clock, ShutdownMode};
use crate::spawn::Limits;
use crate::sys;
use serde_json::{json, Value};
use std::cell::Cell;
use std::ffi::CStr;
use std::fs;
use std::os::fd::AsRawFd;

/// What the agent is here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// PID 1 of a guest.
    Init,
    /// A service of a guest that has its own init.
    Service,
    /// A process on a Unix socket, for tests: it must not touch the machine.
    Process,
}

pub struct Machine {
    pub role: Role,
    pub limits: Limits,
    numbers: Cell<u64>,
}

impl Machine {
    pub fn new(role: Role, limits: Limits) -> Machine {
        Machine { role, limits, numbers: Cell::new(0) }
    }

    /// A number that was not used before.
    pub fn next_number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    /// The answer to `info`; see `docs/agent-protocol.md` for the units.
    pub fn info(&self) -> Value {
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load: Vec<f64> =
            load.split(' ').take(3).filter_map(|number| number.parse().ok()).collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "protocol": crate::protocol::PROTOCOL,
            "arch": std::env::consts::ARCH,
            "kernel": kernel(),
            "memoryTotalBytes": memory_bytes(&memory, "MemTotal:"),
            "memoryAvailableBytes": memory_bytes(&memory, "MemAvailable:"),
            "load": load,
            "uptimeMs": sys::uptime_ms(),
            "diskFreeBytes": disk_free_bytes(),
        })
    }

    /// Sets the clock, and reseeds the random numbers, which otherwise equal those of other guests
    /// from the same snapshot.
    pub fn set_clock(&self, clock: &Clock) -> Result<(), Failure> {
        let entropy = from_hex(&clock.entropy)
            .ok_or_else(|| Failure::new("EINVAL", "the entropy is not 128 hexadecimal digits"))?;
        self.require_guest("set the clock")?;
        let time = libc::timespec {
            tv_sec: clock.seconds,
            tv_nsec: i64::from(clock.nanoseconds) as libc::c_long,
        };
        // SAFETY: `time` is a valid timespec.
        sys::check(unsafe { libc::clock_settime(libc::CLOCK_REALTIME, &time) })
            .map_err(|error| Failure::io("cannot set the clock", &error))?;
        mix_in(entropy).map_err(|error| Failure::io("cannot add entropy", &error))
    }

    fn require_guest(&self, what: &str) -> Result<(), Failure> {
        if self.role == Role::Process {
            return Err(Failure::new("ENOTSUP", format!("cannot {what}: this is not a guest")));
        }
        Ok(())
    }

    /// Ends the guest, or this process if it is not in one.
    pub fn shut_down(&self, mode: ShutdownMode) {
        match self.role {
            Role::Process => std::process::exit(0),
            // SAFETY: no memory is involved. systemd powers off at SIGRTMIN+4, reboots at +5.
            Role::Service => unsafe {
                let offset = if mode == ShutdownMode::Poweroff { 4 } else { 5 };
                libc::kill(1, libc::SIGRTMIN() + offset);
            },
            Role::Init => end_machine(mode),
        }
    }
}

/// Ends all processes, writes everything to the disks, and turns the machine off.
fn end_machine(mode: ShutdownMode) {
    let command = match mode {
        ShutdownMode::Poweroff => libc::RB_POWER_OFF,
        ShutdownMode::Reboot => libc::RB_AUTOBOOT,
    };
    // SAFETY: the paths end in a zero byte; the rest involves no memory.
    unsafe {
        libc::kill(-1, libc::SIGKILL);
        libc::sync();
        let flags = libc::MS_REMOUNT | libc::MS_RDONLY;
        let none = c"".as_ptr();
        libc::mount(none, c"/".as_ptr(), none, flags, std::ptr::null());
        libc::reboot(command);
    }
    say_failed("reboot", &std::io::Error::last_os_error());
}

fn kernel() -> String {
    // SAFETY: uname fills the struct with texts that end in zero bytes.
    unsafe {
        let mut name: libc::utsname = std::mem::zeroed();
        libc::uname(&mut name);
        CStr::from_ptr(name.release.as_ptr()).to_string_lossy().into_owned()
    }
}

fn memory_bytes(meminfo: &str, key: &str) -> u64 {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(0);
    kib * 1024
}

fn disk_free_bytes() -> u64 {
    // SAFETY: the path ends in a zero byte, and the struct is a valid place for the result.
    unsafe {
        let mut stat: libc::statvfs = std::mem::zeroed();
        libc::statvfs(c"/".as_ptr(), &mut stat);
        stat.f_bavail * stat.f_frsize
    }
}

fn from_hex(text: &str) -> Option<[u8; 64]> {
    let mut bytes = [0; 64];
    if text.len() != 128 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

/// `struct rand_pool_info` of `<linux/random.h>`, with room for 64 bytes.
#[repr(C)]
struct RandPoolInfo {
    entropy_bits: i32,
    buffer_bytes: i32,
    buffer: [u8; 64],
}

const RNDADDENTROPY: u64 = 0x4008_5203;
const RNDRESEEDCRNG: u64 = 0x5207;

fn mix_in(buffer: [u8; 64]) -> std::io::Result<()> {
    let random = sys::open("/dev/random", libc::O_WRONLY, 0)?;
    let info = RandPoolInfo { entropy_bits: 512, buffer_bytes: 64, buffer };
    // SAFETY: the kernel reads the struct, which is what RNDADDENTROPY wants.
    unsafe {
        sys::check(libc::ioctl(random.as_raw_fd(), RNDADDENTROPY, &info))?;
        sys::check(libc::ioctl(random.as_raw_fd(), RNDRESEEDCRNG))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_exactly_64_bytes_of_hexadecimal() {
        assert_eq!(from_hex(&"0f".repeat(64)), Some([15; 64]));
        for bad in ["", "00", &"0".repeat(127), &"zz".repeat(64), &"é".repeat(64)] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn memory_is_given_in_bytes() {
        let text = "MemTotal:        2048 kB\nMemAvailable:     10 kB\n";
        assert_eq!(memory_bytes(text, "MemAvailable:"), 10240);
        assert_eq!(memory_bytes(text, "Missing:"), 0);
    }

    #[test]
    fn a_process_leaves_the_clock_alone() {
        let machine = Machine::new(Role::Process, Limits::default());
        let clock = Clock { seconds: 0, nanoseconds: 0, entropy: "00".repeat(64) };
        assert_eq!(machine.set_clock(&clock).unwrap_err().code, "ENOTSUP");
    }
}
