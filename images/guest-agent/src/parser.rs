//! Splits the host's bytes into preambles and frames, in one buffer of fixed size.

use crate::protocol::{Kind, HEADER_BYTES, HOST_MAGIC, MAX_PAYLOAD, PREAMBLE_BYTES};
use std::io;

/// Room for the largest frame and another read.
const BUFFER_BYTES: usize = MAX_PAYLOAD + HEADER_BYTES + 128 * 1024;
const LEAST_READ: usize = 64 * 1024;

/// What was found in the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A host starts a session with this nonce.
    Preamble([u8; 16]),
    Frame {
        kind: Kind,
        channel: u32,
        payload: &'a [u8],
    },
    /// The bytes are not a frame. The parser now looks for a preamble.
    Fault(String),
}

pub struct Parser {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Whether it looks for a preamble and discards everything before it.
    scanning: bool,
}

impl Parser {
    pub fn new() -> Parser {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Parser { buffer, start: 0, end: 0, scanning: true }
    }

    /// Drops what has arrived: the host is gone.
    pub fn reset(&mut self) {
        (self.start, self.end, self.scanning) = (0, 0, true);
    }

    /// Looks for the next preamble, starting with what has arrived.
    pub fn scan(&mut self) {
        self.scanning = true;
    }

    /// Reads more with `read`, which gets the free part of the buffer and returns how much it
    /// wrote. Call it only after `next` has returned `None`, when there is room.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.buffer.len() - self.end < LEAST_READ {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let count = read(&mut self.buffer[self.end..])?;
        self.end += count.min(self.buffer.len() - self.end);
        Ok(count)
    }

    /// The next item, or `None` when more bytes are needed.
    pub fn next(&mut self) -> Option<Item<'_>> {
        if self.scanning {
            self.skip_to_preamble();
        }
        let rest = &self.buffer[self.start..self.end];
        let head = &rest[..rest.len().min(HOST_MAGIC.len())];
        // A preamble between frames is a new host, which need not wait for the old one.
        if !head.is_empty() && HOST_MAGIC.starts_with(head) {
            return self.take_preamble();
        }
        if self.scanning || rest.len() < HEADER_BYTES {
            return None;
        }
        self.take_frame()
    }

    fn take_preamble(&mut self) -> Option<Item<'_>> {
        let rest = &self.buffer[self.start..self.end];
        let nonce = rest.get(HOST_MAGIC.len()..PREAMBLE_BYTES)?.try_into().ok()?;
        self.start += PREAMBLE_BYTES;
        self.scanning = false;
        Some(Item::Preamble(nonce))
    }

    fn take_frame(&mut self) -> Option<Item<'_>> {
        let header: [u8; HEADER_BYTES] =
            self.buffer[self.start..self.start + HEADER_BYTES].try_into().ok()?;
        let word = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let (length, channel) = (word(0) as usize, word(8));
        let (kind, fault) = match Kind::from_host(header[4]) {
            _ if length > MAX_PAYLOAD => (None, format!("a frame of {length} bytes")),
            _ if header[5..8] != [0; 3] => (None, "reserved bytes that are not zero".into()),
            None => (None, format!("a frame of unknown kind {:#04x}", header[4])),
            kind => (kind, String::new()),
        };
        let Some(kind) = kind else {
            // The length cannot be trusted, so the scan starts right after this header.
            self.start += HEADER_BYTES;
            self.scanning = true;
            return Some(Item::Fault(fault));
        };
        let from = self.start + HEADER_BYTES;
        if self.end < from + length {
            return None;
        }
        self.start = from + length;
        Some(Item::Frame { kind, channel, payload: &self.buffer[from..from + length] })
    }

    /// Drops everything before the first possible preamble.
    fn skip_to_preamble(&mut self) {
        while self.start < self.end {
            let rest = &self.buffer[self.start..self.end];
            let Some(at) = rest.iter().position(|byte| *byte == HOST_MAGIC[0]) else {
                self.start = self.end;
                return;
            };
            self.start += at;
            let head = &rest[at..rest.len().min(at + HOST_MAGIC.len())];
            if HOST_MAGIC.starts_with(head) {
                return;
            }
            self.start += 1;
        }
    }
}

#[cfg(test)]
#[path = "parser_test.rs"]
mod tests;
