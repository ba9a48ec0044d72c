//! System calls that the standard library does not offer.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// Turns `-1` into its error.
fn check<T: Into<i64>>(result: T) -> io::Result<()> {
    match result.into() {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn c_string(text: &str) -> io::Result<CString> {
    Ok(CString::new(text)?)
}

/// mount(2). An empty `data` is none.
pub fn mount(
    source: &str,
    target: &str,
    kind: &str,
    flags: libc::c_ulong,
    data: &str,
) -> io::Result<()> {
    let [source, target, kind] = [c_string(source)?, c_string(target)?, c_string(kind)?];
    let data = c_string(data)?;
    // SAFETY: the strings live until the call returns.
    check(unsafe {
        let data = data.as_ptr().cast();
        libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, data)
    })
}

pub fn unmount(target: &str) -> io::Result<()> {
    let target = c_string(target)?;
    // SAFETY: as above.
    check(unsafe { libc::umount2(target.as_ptr(), 0) })
}

/// Makes the node of a character device; the umask applies.
pub fn make_device(path: &str, major: u32, minor: u32) -> io::Result<()> {
    let path = c_string(path)?;
    // SAFETY: as above.
    check(unsafe { libc::mknod(path.as_ptr(), libc::S_IFCHR | 0o666, libc::makedev(major, minor)) })
}

/// Loads a kernel module without parameters.
pub fn load_module(file: &File) -> io::Result<()> {
    // SAFETY: the kernel reads an open descriptor and a static string.
    check(unsafe { libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), c"".as_ptr(), 0) })
}

/// swapon(2) with a priority above that of swap on a disk.
pub fn swap_on(path: &str) -> io::Result<()> {
    // SWAP_FLAG_PREFER and the priority in its low bits (linux/swap.h).
    const FLAGS: i32 = 0x8000 | 100;
    let path = c_string(path)?;
    // SAFETY: as above.
    check(unsafe { libc::swapon(path.as_ptr(), FLAGS) })
}

/// Bytes of memory that the kernel manages.
pub fn memory_bytes() -> u64 {
    // SAFETY: all zeroes is a valid `sysinfo`, which the call fills in.
    unsafe {
        let mut info: libc::sysinfo = std::mem::zeroed();
        libc::sysinfo(&mut info);
        info.totalram as u64 * u64::from(info.mem_unit)
    }
}

pub fn page_size() -> usize {
    // SAFETY: takes and returns numbers; this one is never unknown.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

/// Whether this process is PID 1 and `/` is what the kernel unpacked an initramfs into.
pub fn is_init_of_initramfs() -> bool {
    // RAMFS_MAGIC and TMPFS_MAGIC (linux/magic.h)
    const MAGIC: [u32; 2] = [0x8584_58f6, 0x0102_1994];
    // SAFETY: all zeroes is a valid `statfs`, which the call fills in.
    unsafe {
        let mut root: libc::statfs = std::mem::zeroed();
        libc::getpid() == 1
            && libc::statfs(c"/".as_ptr(), &mut root) == 0
            && MAGIC.contains(&(root.f_type as u32))
    }
}

/// Makes a file standard input, output and error.
pub fn become_stdio(file: File) {
    let fd = file.as_raw_fd();
    for standard in 0..3 {
        // SAFETY: duplicates a descriptor that is open.
        unsafe { libc::dup2(fd, standard) };
    }
    // It may be one of the three itself.
    if fd < 3 {
        std::mem::forget(file);
    }
}

/// Writes as much as can be written.
pub fn write(fd: i32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: the slice is readable for its length.
        let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(written) {
            Ok(count) if count > 0 => bytes = &bytes[count..],
            _ => return,
        }
    }
}

/// Waits until a terminal has sent what was written to it, which powering off would cut short.
pub fn drain(fd: i32, limit: Duration) {
    let deadline = Instant::now() + limit;
    let mut unsent: i32 = 0;
    // SAFETY: TIOCOUTQ stores an int. tcdrain(3) would wait without limit for a stuck terminal.
    while unsafe { libc::ioctl(fd, libc::TIOCOUTQ, &mut unsent) } == 0
        && unsent > 0
        && Instant::now() < deadline
    {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Writes everything to the disks and turns the machine off, or halts it if that fails.
pub fn power_off() -> ! {
    // SAFETY: takes numbers. Neither call returns if it succeeds.
    unsafe {
        libc::sync();
        libc::reboot(libc::RB_POWER_OFF);
        libc::reboot(libc::RB_HALT_SYSTEM);
    }
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// Kills every other process and waits for them to end.
pub fn kill_all_others() {
    // SAFETY: takes numbers; as PID 1 this process is spared, and has every orphan for a child.
    unsafe {
        libc::kill(-1, libc::SIGKILL);
        while libc::waitpid(-1, std::ptr::null_mut(), 0) > 0 {}
    }
}
