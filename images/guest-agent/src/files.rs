//! Files that the host reads and writes.

use crate::failure::{quoted, Failure};
use crate::outbox::Outbox;
use crate::protocol::Kind;
use crate::requests::{Read, Write};
use crate::sys;
use std::fs::{self, Metadata};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

const CHUNK: u64 = 128 * 1024;

/// A file that is sent to the host.
pub struct Reading {
    fd: OwnedFd,
    left: u64,
    pub sent: u64,
    path: String,
}

impl Reading {
    /// Opens the file. A pipe or a terminal without data fails with `EAGAIN` later: nothing may
    /// block the agent.
    pub fn open(request: Read) -> Result<Reading, Failure> {
        require_absolute(&request.path)?;
        let what = format!("cannot read {}", quoted(&request.path));
        let fd = sys::open(&request.path, libc::O_RDONLY | libc::O_NONBLOCK, 0)
            .map_err(|error| Failure::io(&what, &error))?;
        if request.offset > 0 {
            let offset = i64::try_from(request.offset).unwrap_or(i64::MAX);
            // SAFETY: no memory is involved.
            let moved = unsafe { libc::lseek(fd.as_raw_fd(), offset, libc::SEEK_SET) };
            sys::check(moved).map_err(|error| Failure::io(&what, &error))?;
        }
        let left = request.length.unwrap_or(u64::MAX);
        Ok(Reading { fd, left, sent: 0, path: request.path })
    }

    /// Sends the next part, at most `credit` bytes, and returns its length; 0 at the end.
    pub fn pump(&mut self, channel: u32, credit: u64, out: &mut Outbox) -> Result<u64, Failure> {
        let most = CHUNK.min(credit).min(self.left) as usize;
        if self.left == 0 {
            return Ok(0);
        }
        let read = out.read_from(self.fd.as_raw_fd(), Kind::Data, channel, most);
        let count = read
            .map_err(|error| Failure::io(format!("cannot read {}", quoted(&self.path)), &error))?
            as u64;
        self.left -= count;
        self.sent += count;
        Ok(count)
    }
}

/// A file that comes from the host. It gets its name when it is complete.
pub struct Writing {
    fd: OwnedFd,
    /// Its name until then; removed when dropped.
    beside: Option<String>,
    target: String,
    pub written: u64,
}

impl Writing {
    /// Starts writing. `number` makes the name of the file beside the target unique.
    pub fn open(request: Write, number: u64) -> Result<Writing, Failure> {
        require_absolute(&request.path)?;
        let fault = |error: io::Error| {
            Failure::io(format!("cannot write {}", quoted(&request.path)), &error)
        };
        let path = Path::new(&request.path);
        if request.parents {
            path.parent().map_or(Ok(()), fs::create_dir_all).map_err(fault)?;
        }
        let there = fs::metadata(path).ok();
        // A device or a pipe must not be replaced by a file.
        let special = there.as_ref().is_some_and(is_special);
        if special || request.append {
            let flags = libc::O_WRONLY | libc::O_APPEND | libc::O_NONBLOCK;
            let create = if special { 0 } else { libc::O_CREAT };
            let mode = request.mode.unwrap_or(0o644) & 0o7777;
            let fd = sys::open(&request.path, flags | create, mode).map_err(fault)?;
            return Ok(Writing { fd, beside: None, target: request.path, written: 0 });
        }
        if there.as_ref().is_some_and(Metadata::is_dir) {
            return Err(fault(io::Error::from_raw_os_error(libc::EISDIR)));
        }
        // Follows a symbolic link, as `cat >` does.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let beside = target.with_file_name(format!(".guesthouse-{}-{number}", std::process::id()));
        let (target, beside) = (text(&target), text(&beside));
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL;
        let fd = sys::open(&beside, flags, 0o600).map_err(fault)?;
        let writing = Writing { fd, beside: Some(beside), target, written: 0 };
        writing.adopt(there.as_ref(), request.mode).map_err(fault)?;
        Ok(writing)
    }

    /// Gives the new file the owner of the one that it replaces, and its mode unless one was given.
    fn adopt(&self, there: Option<&Metadata>, mode: Option<u32>) -> io::Result<()> {
        let mode = mode.or(there.map(Metadata::mode)).unwrap_or(0o644) & 0o7777;
        // SAFETY: no memory is involved. The mode comes last: chown clears the set-id bits.
        unsafe {
            if let Some(there) = there {
                libc::fchown(self.fd.as_raw_fd(), there.uid(), there.gid());
            }
            sys::check(libc::fchmod(self.fd.as_raw_fd(), mode))?;
        }
        Ok(())
    }

    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        while !bytes.is_empty() {
            let count =
                sys::write(self.fd.as_raw_fd(), bytes).map_err(|error| self.fault(&error))?;
            self.written += count as u64;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Gives the file its name. Returns its length in bytes.
    pub fn finish(mut self) -> Result<u64, Failure> {
        if let Some(beside) = &self.beside {
            fs::rename(beside, &self.target).map_err(|error| self.fault(&error))?;
            self.beside = None;
        }
        Ok(self.written)
    }

    fn fault(&self, error: &io::Error) -> Failure {
        Failure::io(format!("cannot write {}", quoted(&self.target)), error)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _ = fs::remove_file(beside);
        }
    }
}

fn is_special(metadata: &Metadata) -> bool {
    let kind = metadata.file_type();
    kind.is_char_device() || kind.is_block_device() || kind.is_fifo() || kind.is_socket()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn require_absolute(path: &str) -> Result<(), Failure> {
    if path.starts_with('/') {
        return Ok(());
    }
    Err(Failure::new("EINVAL", format!("the path {} is not absolute", quoted(path))))
}
