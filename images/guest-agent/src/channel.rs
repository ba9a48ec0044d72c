//! One channel of a session: what it does, and how much each side may send on it.

use crate::command::Command;
use crate::failure::Failure;
use crate::files::{Reading, Writing};
use crate::outbox::Outbox;
use crate::protocol::{Kind, CREDIT_STEP, FILE_WINDOW, MAX_CREDIT, WINDOW};
use crate::requests::FileResult;
use std::os::fd::RawFd;

/// A request in progress, and the credit in both directions.
pub struct Channel {
    pub task: Task,
    /// Bytes that we may send.
    credit: u64,
    /// Bytes that the host may send, and bytes it has sent for which it has no new credit yet.
    allowed: u64,
    owed: u64,
}

/// What a channel is for.
pub enum Task {
    Exec(Box<Command>),
    Read(Reading),
    Write(Writing),
}

/// A fault of the host, which ends the session.
pub fn fault(message: impl Into<String>) -> Failure {
    Failure::new("protocol", message)
}

impl Channel {
    pub fn new(number: u32, task: Task, out: &mut Outbox) -> Channel {
        let mut allowed = WINDOW;
        if matches!(task, Task::Write(_)) {
            allowed = FILE_WINDOW;
            out.credit(number, FILE_WINDOW - WINDOW);
        }
        Channel { task, credit: WINDOW, allowed, owed: 0 }
    }

    /// Takes data from the host. Returns whether the channel is closed now.
    pub fn data(&mut self, number: u32, payload: &[u8], out: &mut Outbox) -> Result<bool, Failure> {
        let length = payload.len() as u64;
        if length > self.allowed {
            return Err(fault(format!("more data than credit on channel {number}")));
        }
        self.allowed -= length;
        let taken = match &mut self.task {
            Task::Exec(command) if command.takes_stdin() => command.feed(payload),
            Task::Write(writing) => match writing.write(payload) {
                Ok(()) => length,
                Err(failure) => {
                    out.error(number, &failure);
                    return Ok(true);
                }
            },
            _ => return Err(fault(format!("channel {number} takes no data"))),
        };
        self.give_back(number, taken, out);
        Ok(false)
    }

    /// Takes credit from the host: an amount in four bytes.
    pub fn grant(&mut self, payload: &[u8]) -> Result<(), Failure> {
        let bytes = payload.try_into().map_err(|_| fault("a credit that is not four bytes"))?;
        self.credit += u64::from(u32::from_le_bytes(bytes));
        if self.credit > MAX_CREDIT {
            return Err(fault("too much credit"));
        }
        Ok(())
    }

    /// Adds what it waits for to a poll. Returns whether it is ready without waiting.
    pub fn watch(&self, has_room: bool, polls: &mut Vec<libc::pollfd>) -> bool {
        let may_send = has_room && self.credit > 0;
        match &self.task {
            Task::Exec(command) => command.watch(may_send, polls),
            Task::Read(_) => return may_send,
            Task::Write(_) => {}
        }
        false
    }

    /// Returns whether the channel is closed now, with its last frame in `out`.
    pub fn pump(&mut self, number: u32, ready: &[RawFd], out: &mut Outbox, now: u64) -> bool {
        match &mut self.task {
            Task::Exec(command) => {
                let (sent, taken) = command.pump(ready, number, self.credit, out, now);
                let result = command.tick(now);
                self.credit -= sent;
                self.give_back(number, taken, out);
                result.map(|result| out.json(Kind::Result, number, &result)).is_some()
            }
            Task::Read(reading) => {
                if self.credit == 0 || !out.has_room() {
                    return false;
                }
                match reading.pump(number, self.credit, out) {
                    Ok(0) => out.json(Kind::Result, number, &FileResult { bytes: reading.sent }),
                    Ok(count) => {
                        self.credit -= count;
                        return false;
                    }
                    Err(failure) => out.error(number, &failure),
                }
                true
            }
            Task::Write(_) => false,
        }
    }

    /// Lets the host send as many bytes again, in portions large enough for a frame.
    fn give_back(&mut self, number: u32, bytes: u64, out: &mut Outbox) {
        self.owed += bytes;
        if self.owed >= CREDIT_STEP {
            out.credit(number, self.owed);
            self.allowed += self.owed;
            self.owed = 0;
        }
    }
}
