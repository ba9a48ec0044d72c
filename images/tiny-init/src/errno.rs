//! Names of the error numbers that init can fail with.

use std::io;

/// The error number of an error; EIO for one that is not the kernel's.
pub fn errno(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(match error.kind() {
        io::ErrorKind::InvalidInput => libc::EINVAL,
        _ => libc::EIO,
    })
}

/// The error of an error number.
pub fn error(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

/// The symbol of an error number, e.g. "ENOENT".
pub fn name(number: i32) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == number).map_or("?", |(_, name)| name)
}

macro_rules! names {
    ($($name:ident)*) => { &[$((libc::$name, stringify!($name))),*] };
}

const NAMES: &[(i32, &str)] = names! {
    EPERM ENOENT EIO ENXIO E2BIG ENOEXEC EBADF EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST
    EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC EROFS EMLINK
    ERANGE ENAMETOOLONG ENOSYS ENOTEMPTY ELOOP EPROTO EOVERFLOW EOPNOTSUPP EAFNOSUPPORT
    EADDRNOTAVAIL ENETUNREACH ETIMEDOUT EUCLEAN EMEDIUMTYPE ENOKEY EKEYREJECTED ELIBBAD
    ECANCELED
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_knows_the_common_ones() {
        assert_eq!(name(2), "ENOENT");
        assert_eq!(name(8), "ENOEXEC");
        assert_eq!(name(19), "ENODEV");
        assert_eq!(name(9999), "?");
    }

    #[test]
    fn errno_of_an_error_that_is_not_the_kernels() {
        assert_eq!(errno(&error(17)), 17);
        assert_eq!(errno(&io::Error::from(io::ErrorKind::UnexpectedEof)), libc::EIO);
    }
}
