//! Failures as the host sees them: a code to compare and a message to show.

use serde::Serialize;
use std::io;

#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Failure {
    /// The name of an errno (`ENOENT`), or one of the words in `docs/agent-protocol.md`.
    pub code: String,
    pub message: String,
}

impl Failure {
    pub fn new(code: &str, message: impl Into<String>) -> Failure {
        Failure { code: code.into(), message: message.into() }
    }

    /// `what` failed with this errno, as in `cannot open "/x": No such file or directory`.
    pub fn os(what: impl AsRef<str>, errno: i32) -> Failure {
        let text = io::Error::from_raw_os_error(errno).to_string();
        // Rust appends the number, and the code says it already.
        let text = text.split(" (os error").next().unwrap_or_default();
        Failure::new(&errno_name(errno), format!("{}: {text}", what.as_ref()))
    }

    pub fn io(what: impl AsRef<str>, error: &io::Error) -> Failure {
        match error.raw_os_error() {
            Some(errno) => Failure::os(what, errno),
            None => Failure::new("EIO", format!("{}: {error}", what.as_ref())),
        }
    }
}

/// The name of an errno; `E<number>` for the rare ones.
pub fn errno_name(errno: i32) -> String {
    const NAMES: [(i32, &str); 34] = [
        (libc::EPERM, "EPERM"),
        (libc::ENOENT, "ENOENT"),
        (libc::ESRCH, "ESRCH"),
        (libc::EINTR, "EINTR"),
        (libc::EIO, "EIO"),
        (libc::ENXIO, "ENXIO"),
        (libc::E2BIG, "E2BIG"),
        (libc::ENOEXEC, "ENOEXEC"),
        (libc::EBADF, "EBADF"),
        (libc::EAGAIN, "EAGAIN"),
        (libc::ENOMEM, "ENOMEM"),
        (libc::EACCES, "EACCES"),
        (libc::EFAULT, "EFAULT"),
        (libc::EBUSY, "EBUSY"),
        (libc::EEXIST, "EEXIST"),
        (libc::EXDEV, "EXDEV"),
        (libc::ENODEV, "ENODEV"),
        (libc::ENOTDIR, "ENOTDIR"),
        (libc::EISDIR, "EISDIR"),
        (libc::EINVAL, "EINVAL"),
        (libc::ENFILE, "ENFILE"),
        (libc::EMFILE, "EMFILE"),
        (libc::ENOTTY, "ENOTTY"),
        (libc::ETXTBSY, "ETXTBSY"),
        (libc::EFBIG, "EFBIG"),
        (libc::ENOSPC, "ENOSPC"),
        (libc::ESPIPE, "ESPIPE"),
        (libc::EROFS, "EROFS"),
        (libc::EPIPE, "EPIPE"),
        (libc::ENAMETOOLONG, "ENAMETOOLONG"),
        (libc::ELOOP, "ELOOP"),
        (libc::ENOTSUP, "ENOTSUP"),
        (libc::EDQUOT, "EDQUOT"),
        (libc::ENETUNREACH, "ENETUNREACH"),
    ];
    let known = NAMES.iter().find(|(number, _)| *number == errno);
    known.map_or_else(|| format!("E{errno}"), |(_, name)| (*name).into())
}
