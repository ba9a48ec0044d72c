//! Events for the host: one line of JSON each, on a port of their own.

use crate::link::Link;
use crate::sys;
use serde_json::{json, Map, Value};
use std::collections::VecDeque;
use std::os::fd::RawFd;

/// How many events wait for a host. Beyond that the oldest are dropped, which shows as a gap in
/// `seq`.
const MOST_WAITING: usize = 64;

pub struct Events {
    link: Option<Link>,
    waiting: VecDeque<Vec<u8>>,
    /// How much of the first one is written.
    written: usize,
    seq: u64,
}

impl Events {
    pub fn new(link: Option<Link>) -> Events {
        Events { link, waiting: VecDeque::new(), written: 0, seq: 0 }
    }

    /// Queues an event with these fields beside its name, number and time.
    pub fn emit(&mut self, event: &str, fields: Map<String, Value>) {
        self.seq += 1;
        let mut line = json!({ "event": event, "seq": self.seq, "uptimeMs": sys::uptime_ms() });
        if let Value::Object(object) = &mut line {
            object.extend(fields);
        }
        // The newline in front ends a line that an earlier host did not read to its end.
        self.waiting.push_back(format!("\n{line}\n").into_bytes());
        if self.waiting.len() > MOST_WAITING {
            self.waiting.pop_front();
            self.written = 0;
        }
    }

    pub fn watch(&self, polls: &mut Vec<libc::pollfd>) {
        if let Some(link) = &self.link {
            link.watch(true, !self.waiting.is_empty(), polls);
        }
    }

    pub fn due(&self) -> u64 {
        self.link.as_ref().map_or(u64::MAX, Link::due)
    }

    /// Sends what can be sent, and notices hosts that connect and leave. Their input is dropped.
    pub fn pump(&mut self, ready: &[libc::pollfd], now: u64) {
        let Some(link) = &mut self.link else { return };
        link.look(now);
        let Some(fd) = link.fd() else { return };
        let revents = ready.iter().find(|poll| poll.fd == fd).map_or(0, |poll| poll.revents);
        let mut rest = [0; 4096];
        let closed = revents & libc::POLLIN != 0 && matches!(sys::read(fd, &mut rest), Ok(0));
        if closed || revents & (libc::POLLHUP | libc::POLLERR) != 0 || !self.send(fd) {
            self.written = 0;
            if let Some(link) = &mut self.link {
                link.hang_up(now);
            }
        }
    }

    /// Returns whether the host is still connected.
    fn send(&mut self, fd: RawFd) -> bool {
        while let Some(line) = self.waiting.front() {
            match sys::write(fd, &line[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
            }
            if self.written == line.len() {
                self.written = 0;
                self.waiting.pop_front();
            }
        }
        true
    }
}
