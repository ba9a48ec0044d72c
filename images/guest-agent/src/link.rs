//! The byte stream to the host: a virtio-serial port, or a connection to a Unix socket.

use crate::console::say_failed;
use crate::sys;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;

/// How often to look for the port; its driver may still be loading.
const FIND_MS: u64 = 50;

enum Source {
    Port { name: String, fd: Option<OwnedFd> },
    Socket { listener: UnixListener, connection: Option<OwnedFd> },
}

pub struct Link {
    source: Source,
    connected: bool,
    look_at: u64,
    /// How often to look whether a host has come to a port: the kernel does not tell without a
    /// signal per packet, and waiting for the hang-up to end would be a busy loop.
    look_ms: u64,
    /// Whether it has said that the port cannot be opened.
    complained: bool,
}

impl Link {
    /// The virtio-serial port of this name, as soon as there is one. A host that comes to it is
    /// noticed within `look_ms` milliseconds.
    pub fn port(name: &str, look_ms: u64) -> Link {
        let source = Source::Port { name: name.into(), fd: None };
        Link { source, connected: false, look_at: 0, look_ms, complained: false }
    }

    /// Listens on a new Unix socket; one connection at a time is served. A socket that is there
    /// already is replaced.
    pub fn socket(path: &str) -> io::Result<Link> {
        let _ = fs::remove_file(path);
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        let source = Source::Socket { listener, connection: None };
        Ok(Link { source, connected: false, look_at: u64::MAX, look_ms: 0, complained: false })
    }

    /// The descriptor to read and write, while a host is there.
    pub fn fd(&self) -> Option<RawFd> {
        if !self.connected {
            return None;
        }
        match &self.source {
            Source::Port { fd, .. } => fd.as_ref().map(AsRawFd::as_raw_fd),
            Source::Socket { connection, .. } => connection.as_ref().map(AsRawFd::as_raw_fd),
        }
    }

    /// Whether the port has been opened, or the socket is listening.
    pub fn is_open(&self) -> bool {
        !matches!(&self.source, Source::Port { fd: None, .. })
    }

    /// Adds what it waits for to a poll.
    pub fn watch(&self, read: bool, write: bool, polls: &mut Vec<libc::pollfd>) {
        let mut events = 0;
        if read {
            events |= libc::POLLIN;
        }
        if write {
            events |= libc::POLLOUT;
        }
        match (self.fd(), &self.source) {
            (Some(fd), _) => polls.push(libc::pollfd { fd, events, revents: 0 }),
            (None, Source::Socket { listener, .. }) => {
                let fd = listener.as_raw_fd();
                polls.push(libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
            }
            _ => {}
        }
    }

    /// When to look again, in milliseconds since boot.
    pub fn due(&self) -> u64 {
        if self.connected {
            u64::MAX
        } else {
            self.look_at
        }
    }

    /// Looks whether a host has come. Returns true when it has, just now.
    pub fn look(&mut self, now: u64) -> bool {
        if self.connected {
            return false;
        }
        self.connected = match &mut self.source {
            Source::Socket { listener, connection } => {
                *connection = accept(listener);
                connection.is_some()
            }
            Source::Port { name, fd } if now >= self.look_at => {
                if fd.is_none() {
                    *fd = open_port(name, &mut self.complained);
                }
                self.look_at = now + if fd.is_some() { self.look_ms } else { FIND_MS };
                fd.as_ref().is_some_and(|fd| !hung_up(fd.as_raw_fd()))
            }
            Source::Port { .. } => false,
        };
        self.connected
    }

    /// The host is gone.
    pub fn hang_up(&mut self, now: u64) {
        self.connected = false;
        match &mut self.source {
            Source::Socket { connection, .. } => *connection = None,
            Source::Port { .. } => self.look_at = now + self.look_ms,
        }
    }
}

fn accept(listener: &UnixListener) -> Option<OwnedFd> {
    let (connection, _) = listener.accept().ok()?;
    connection.set_nonblocking(true).ok()?;
    Some(connection.into())
}

/// Finds a port by its name, among `/sys/class/virtio-ports/vport0p1/name` and so on.
fn open_port(wanted: &str, complained: &mut bool) -> Option<OwnedFd> {
    for entry in fs::read_dir("/sys/class/virtio-ports").ok()?.flatten() {
        let name = fs::read_to_string(entry.path().join("name")).unwrap_or_default();
        if name.trim_end() != wanted {
            continue;
        }
        let path = format!("/dev/{}", entry.file_name().to_string_lossy());
        match sys::open(&path, libc::O_RDWR | libc::O_NONBLOCK, 0) {
            Ok(fd) => return Some(fd),
            Err(error) if !*complained => {
                *complained = true;
                say_failed(&format!("open {path}"), &error);
            }
            Err(_) => {}
        }
    }
    None
}

/// Whether no host has the port open. Bytes that the last one left are dropped.
fn hung_up(fd: RawFd) -> bool {
    let mut polls = [libc::pollfd { fd, events: 0, revents: 0 }];
    sys::poll(&mut polls, 0);
    let gone = polls[0].revents & libc::POLLHUP != 0;
    let mut rest = [0; 4096];
    while gone && matches!(sys::read(fd, &mut rest), Ok(count) if count > 0) {}
    gone
}
