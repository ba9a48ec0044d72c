//! Lines on the guest's console, which the host reads: `[agent] TEXT`.

use crate::failure::errno_name;
use crate::sys;
use std::io;
use std::os::fd::AsRawFd;

/// Writes to the console if this is PID 1, and to standard error otherwise.
pub fn say(text: &str) {
    let line = format!("[agent] {text}\n");
    let console = (std::process::id() == 1)
        .then(|| sys::open("/dev/console", libc::O_WRONLY | libc::O_NONBLOCK, 0).ok())
        .flatten();
    let fd = console.as_ref().map_or(libc::STDERR_FILENO, AsRawFd::as_raw_fd);
    let _ = sys::write(fd, line.as_bytes());
}

/// Reports a failure, as in `[agent] mount /proc: errno=13 EACCES`.
pub fn say_failed(what: &str, error: &io::Error) {
    match error.raw_os_error() {
        Some(errno) => say(&format!("{what}: errno={errno} {}", errno_name(errno))),
        None => say(&format!("{what}: {error}")),
    }
}
