//! Thin wrappers of system calls. Each returns an `io::Result` and retries when interrupted.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The result of a call that returns -1 for failure.
pub fn check<T: Into<i64> + Copy>(result: T) -> io::Result<T> {
    if result.into() == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

fn retry(mut call: impl FnMut() -> isize) -> io::Result<usize> {
    loop {
        let count = call();
        if count >= 0 {
            return Ok(count as usize);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

pub fn read(fd: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the pointer and the length are those of one slice.
    retry(|| unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) })
}

/// Reads at an offset, whatever was read before.
pub fn read_at(fd: RawFd, buffer: &mut [u8], offset: i64) -> io::Result<usize> {
    // SAFETY: as above.
    retry(|| unsafe { libc::pread(fd, buffer.as_mut_ptr().cast(), buffer.len(), offset) })
}

/// Fails with `EIO` if nothing was written, so that loops around it end.
pub fn write(fd: RawFd, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: as above.
    match retry(|| unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) }) {
        Ok(0) if !bytes.is_empty() => Err(io::Error::from_raw_os_error(libc::EIO)),
        written => written,
    }
}

/// Appends at most `most` bytes to `bytes`, without zeroing the room for them first.
pub fn read_onto(fd: RawFd, bytes: &mut Vec<u8>, most: usize) -> io::Result<usize> {
    bytes.reserve(most);
    let spare = bytes.spare_capacity_mut();
    let most = most.min(spare.len());
    // SAFETY: the kernel writes at most `most` bytes into the spare capacity ...
    let count = retry(|| unsafe { libc::read(fd, spare.as_mut_ptr().cast(), most) })?;
    // SAFETY: ... and has initialised `count` of them.
    unsafe { bytes.set_len(bytes.len() + count) };
    Ok(count)
}

/// A pipe whose ends are closed in commands: (to read, to write).
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: the array has room for the two descriptors, which nobody else owns.
    unsafe {
        check(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC))?;
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

pub fn set_nonblocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: no memory is involved.
    unsafe {
        let flags = check(libc::fcntl(fd, libc::F_GETFL))?;
        check(libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK))?;
    }
    Ok(())
}

/// Opens a file that is closed in commands and never becomes the controlling terminal.
pub fn open(path: &str, flags: i32, mode: u32) -> io::Result<OwnedFd> {
    let path = c_string(path)?;
    let flags = flags | libc::O_CLOEXEC | libc::O_NOCTTY;
    // SAFETY: the path ends in a zero byte, and the new descriptor has no other owner.
    unsafe { Ok(OwnedFd::from_raw_fd(check(libc::open(path.as_ptr(), flags, mode))?)) }
}

/// The text with a zero byte at its end. Fails with `EINVAL` if it contains one.
pub fn c_string(text: &str) -> io::Result<CString> {
    CString::new(text).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

/// Makes these signals readable from the descriptor that it returns, and ignores SIGPIPE.
pub fn signal_fd(signals: &[i32]) -> io::Result<OwnedFd> {
    // SAFETY: `set` is initialised by sigemptyset before anything reads it.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for signal in signals {
            libc::sigaddset(&mut set, *signal);
        }
        check(libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()))?;
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        let fd = check(libc::signalfd(-1, &set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// The next signal that has arrived, if any.
pub fn next_signal(fd: &OwnedFd) -> Option<i32> {
    let mut info = [0u8; std::mem::size_of::<libc::signalfd_siginfo>()];
    let count = read(fd.as_raw_fd(), &mut info).ok()?;
    (count == info.len()).then(|| i32::from_ne_bytes([info[0], info[1], info[2], info[3]]))
}

/// Waits for events, at most `timeout_ms` milliseconds (-1: forever).
pub fn poll(fds: &mut [libc::pollfd], timeout_ms: i32) {
    // SAFETY: the pointer and the length are those of one slice. An interruption is no failure:
    // the caller looks at what is due and comes back.
    unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout_ms) };
}

/// A child that has ended, with its wait status; `None` if there is none.
pub fn reap() -> Option<(i32, i32)> {
    let mut status = 0;
    // SAFETY: `status` is a valid place for the result.
    let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
    (pid > 0).then_some((pid, status))
}

/// Whether a process with this number exists, or for `-N` one in the group N. Zombies count.
pub fn exists(id: i32) -> bool {
    // SAFETY: no memory is involved, and signal 0 is none.
    let sent = check(unsafe { libc::kill(id, 0) });
    !matches!(sent, Err(error) if error.raw_os_error() == Some(libc::ESRCH))
}

/// Milliseconds since the machine booted.
pub fn uptime_ms() -> u64 {
    // SAFETY: `time` is a valid place for the result.
    unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut time);
        time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000
    }
}
