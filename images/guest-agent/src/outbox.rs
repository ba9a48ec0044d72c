//! Frames for the host, in one buffer that is written as far as possible.

use crate::failure::Failure;
use crate::protocol::{header, Kind, AGENT_MAGIC, HEADER_BYTES};
use crate::sys;
use serde::Serialize;
use std::io;
use std::os::fd::RawFd;

/// Above this no data is added; above [`CLOSED`] no request is taken.
const FULL: usize = 256 * 1024;
const CLOSED: usize = 512 * 1024;

#[derive(Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outbox {
    pub fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// Whether there is room for data.
    pub fn has_room(&self) -> bool {
        self.bytes.len() - self.sent < FULL
    }

    /// Whether the host reads answers so slowly that its requests have to wait.
    pub fn is_stuck(&self) -> bool {
        self.bytes.len() - self.sent >= CLOSED
    }

    /// Drops everything: the host is gone.
    pub fn clear(&mut self) {
        *self = Outbox::default();
    }

    /// Starts a session: the agent's preamble, then its hello.
    pub fn hello(&mut self, nonce: &[u8; 16], hello: &impl Serialize) {
        self.clear();
        self.bytes.extend_from_slice(&AGENT_MAGIC);
        self.bytes.extend_from_slice(nonce);
        self.json(Kind::Hello, 0, hello);
    }

    pub fn frame(&mut self, kind: Kind, channel: u32, payload: &[u8]) {
        self.bytes.extend_from_slice(&header(kind, channel, payload.len()));
        self.bytes.extend_from_slice(payload);
    }

    pub fn json(&mut self, kind: Kind, channel: u32, value: &impl Serialize) {
        let payload = serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec());
        self.frame(kind, channel, &payload);
    }

    pub fn error(&mut self, channel: u32, failure: &Failure) {
        self.json(Kind::Error, channel, failure);
    }

    pub fn credit(&mut self, channel: u32, bytes: u64) {
        self.frame(Kind::Credit, channel, &(bytes as u32).to_le_bytes());
    }

    /// Reads at most `most` bytes from `fd` directly into a frame. Returns how many; for 0, the end
    /// of the file, there is no frame.
    pub fn read_from(
        &mut self,
        fd: RawFd,
        kind: Kind,
        channel: u32,
        most: usize,
    ) -> io::Result<usize> {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; HEADER_BYTES]);
        let read = sys::read_onto(fd, &mut self.bytes, most);
        match read {
            Ok(count) if count > 0 => {
                let head = header(kind, channel, count);
                self.bytes[at..at + HEADER_BYTES].copy_from_slice(&head);
            }
            _ => self.bytes.truncate(at),
        }
        read
    }

    /// Writes until the buffer is empty or `fd` takes no more.
    pub fn flush(&mut self, fd: RawFd) -> io::Result<()> {
        while !self.is_empty() {
            match sys::write(fd, &self.bytes[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.compact(),
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        self.sent = 0;
        Ok(())
    }

    /// Removes sent bytes, so that a buffer that is never empty does not grow.
    fn compact(&mut self) -> io::Result<()> {
        if self.sent >= FULL {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
        Ok(())
    }
}
