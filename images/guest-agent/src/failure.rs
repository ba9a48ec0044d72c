//! Failures as the host sees them: a code to compare and a message to show.

use crate::protocol::MAX_MESSAGE;
use serde::Serialize;
use std::borrow::Cow;
use std::io;

/// The longest name in a message, in bytes: the host may send a whole script as one.
const MOST_NAME: usize = 200;

#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Failure {
    /// The name of an errno (`ENOENT`), or one of the words in `docs/agent-protocol.md`.
    pub code: String,
    pub message: String,
}

impl Failure {
    /// Cuts the message to what the protocol allows.
    pub fn new(code: &str, message: impl Into<String>) -> Failure {
        let message = cut(&message.into(), MAX_MESSAGE).into_owned();
        Failure { code: code.into(), message }
    }

    /// `what` failed with this errno, as in `cannot open "/x": No such file or directory`.
    pub fn os(what: impl AsRef<str>, errno: i32) -> Failure {
        let text = io::Error::from_raw_os_error(errno).to_string();
        // Rust appends the number, which the code gives already.
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

/// A name from the host for a message: in quotes, and shortened if it is long.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", cut(name, MOST_NAME))
}

/// At most `most` bytes of a text, with an ellipsis for the rest.
fn cut(text: &str, most: usize) -> Cow<'_, str> {
    const ELLIPSIS: char = '…';
    if text.len() <= most {
        return text.into();
    }
    let room = most - ELLIPSIS.len_utf8();
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{ELLIPSIS}", &text[..end]).into()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_letters() {
        assert_eq!(quoted("sh"), "\"sh\"");
        assert_eq!(quoted(&"x".repeat(200)), format!("\"{}\"", "x".repeat(200)));
        assert_eq!(quoted(&"x".repeat(201)), format!("\"{}…\"", "x".repeat(197)));
        // 197 bytes would end within the 50th letter.
        assert_eq!(quoted(&"🦀".repeat(51)), format!("\"{}…\"", "🦀".repeat(49)));
    }

    #[test]
    fn a_message_has_at_most_the_bytes_of_the_protocol() {
        let longest = "x".repeat(MAX_MESSAGE);
        assert_eq!(Failure::new("EIO", &longest).message, longest);
        let failure = Failure::os("é".repeat(MAX_MESSAGE), libc::ENOENT);
        assert!((MAX_MESSAGE - 3..=MAX_MESSAGE).contains(&failure.message.len()));
        assert!(failure.message.ends_with("é…"));
    }
}
