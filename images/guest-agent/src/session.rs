//! One session with a host: its channels, and what each frame does to them.

use crate::command::Command;
use crate::failure::Failure;
use crate::files::{Reading, Writing};
use crate::machine::Machine;
use crate::outbox::Outbox;
use crate::protocol::{Kind, CREDIT_STEP, FILE_WINDOW, MAX_CHANNELS, MAX_CREDIT, WINDOW};
use crate::requests::{self, Done, FileResult, ShutdownMode};
use std::collections::BTreeMap;
use std::os::fd::RawFd;

/// Dropping it kills the commands and removes the files that are not complete.
#[derive(Default)]
pub struct Session {
    channels: BTreeMap<u32, Channel>,
    /// The highest channel so far. Numbers are not used twice, so what comes for a lower one that
    /// is closed was on its way when it closed.
    last: u32,
    /// Whose turn it was: data goes out in turns, so that one channel cannot starve the others.
    turn: u32,
    pub shutdown: Option<ShutdownMode>,
}

struct Channel {
    task: Task,
    /// Bytes that we may send.
    credit: u64,
    /// Bytes that the host may send, and those it has sent that we have not given back.
    allowed: u64,
    owed: u64,
}

enum Task {
    Exec(Box<Command>),
    Read(Reading),
    Write(Writing),
}

fn fault(message: impl Into<String>) -> Failure {
    Failure::new("protocol", message)
}

impl Session {
    /// Takes a frame. An error is a fault of the host, which ends the session.
    pub fn handle(
        &mut self,
        kind: Kind,
        channel: u32,
        payload: &[u8],
        machine: &Machine,
        out: &mut Outbox,
        now: u64,
    ) -> Result<(), Failure> {
        if kind.opens() {
            if channel <= self.last {
                return Err(fault(format!("channel {channel} is not a new one")));
            }
            self.last = channel;
            return self.open(kind, channel, payload, machine, out, now);
        }
        if channel == 0 || channel > self.last {
            return Err(fault(format!("channel {channel} was never opened")));
        }
        if !self.channels.contains_key(&channel) {
            return Ok(());
        }
        match kind {
            Kind::Data => self.data(channel, payload, out),
            Kind::End => self.end(channel, out),
            Kind::Credit => self.grant(channel, payload),
            Kind::Signal => self.signal(channel, payload),
            _ => self.cancel(channel, out),
        }
    }

    fn open(
        &mut self,
        kind: Kind,
        channel: u32,
        payload: &[u8],
        machine: &Machine,
        out: &mut Outbox,
        now: u64,
    ) -> Result<(), Failure> {
        let lasting = matches!(kind, Kind::Exec | Kind::Read | Kind::Write);
        if lasting && self.channels.len() >= MAX_CHANNELS {
            out.error(channel, &Failure::new("limit", format!("{MAX_CHANNELS} channels are open")));
            return Ok(());
        }
        let number = machine.next_number();
        let task = match kind {
            Kind::Exec => {
                let request = requests::parse(payload)?;
                let command = Command::start(&request, machine.limits, number, now);
                command.map(|command| Task::Exec(Box::new(command)))
            }
            Kind::Read => Reading::open(requests::parse(payload)?).map(Task::Read),
            Kind::Write => Writing::open(requests::parse(payload)?, number).map(Task::Write),
            _ => return self.answer(kind, channel, payload, machine, out),
        };
        match task {
            Ok(task) => self.add(channel, task, out),
            Err(failure) => out.error(channel, &failure),
        }
        Ok(())
    }

    /// Requests that are answered at once.
    fn answer(
        &mut self,
        kind: Kind,
        channel: u32,
        payload: &[u8],
        machine: &Machine,
        out: &mut Outbox,
    ) -> Result<(), Failure> {
        let done = match kind {
            Kind::Info => {
                out.json(Kind::Result, channel, &machine.info());
                return Ok(());
            }
            Kind::Clock => machine.set_clock(&requests::parse(payload)?),
            Kind::Shutdown => {
                let request: requests::Shutdown = requests::parse(payload)?;
                self.shutdown = Some(request.mode);
                Ok(())
            }
            _ => Ok(()),
        };
        match done {
            Ok(()) => out.json(Kind::Result, channel, &Done {}),
            Err(failure) => out.error(channel, &failure),
        }
        Ok(())
    }

    fn add(&mut self, channel: u32, task: Task, out: &mut Outbox) {
        let mut allowed = WINDOW;
        if matches!(task, Task::Write(_)) {
            allowed = FILE_WINDOW;
            out.credit(channel, FILE_WINDOW - WINDOW);
        }
        self.channels.insert(channel, Channel { task, credit: WINDOW, allowed, owed: 0 });
    }

    fn data(&mut self, number: u32, payload: &[u8], out: &mut Outbox) -> Result<(), Failure> {
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        let length = payload.len() as u64;
        if length > channel.allowed {
            return Err(fault(format!("more data than credit on channel {number}")));
        }
        channel.allowed -= length;
        match &mut channel.task {
            Task::Exec(command) if command.takes_stdin() => {
                let taken = command.feed(payload);
                channel.give_back(number, taken, out);
            }
            Task::Write(writing) => match writing.write(payload) {
                Ok(()) => channel.give_back(number, length, out),
                Err(failure) => {
                    self.channels.remove(&number);
                    out.error(number, &failure);
                }
            },
            _ => return Err(fault(format!("channel {number} takes no data"))),
        }
        Ok(())
    }

    fn end(&mut self, number: u32, out: &mut Outbox) -> Result<(), Failure> {
        match self.channels.get_mut(&number).map(|channel| &mut channel.task) {
            Some(Task::Exec(command)) => command.end_stdin(),
            Some(Task::Write(_)) => self.finish_write(number, out),
            _ => return Err(fault(format!("channel {number} takes no data"))),
        }
        Ok(())
    }

    fn finish_write(&mut self, number: u32, out: &mut Outbox) {
        let Some(Channel { task: Task::Write(writing), .. }) = self.channels.remove(&number) else {
            return;
        };
        match writing.finish() {
            Ok(bytes) => out.json(Kind::Result, number, &FileResult { bytes }),
            Err(failure) => out.error(number, &failure),
        }
    }

    fn grant(&mut self, number: u32, payload: &[u8]) -> Result<(), Failure> {
        let bytes = payload.try_into().map_err(|_| fault("a credit that is not four bytes"))?;
        if let Some(channel) = self.channels.get_mut(&number) {
            channel.credit += u64::from(u32::from_le_bytes(bytes));
            if channel.credit > MAX_CREDIT {
                return Err(fault(format!("too much credit on channel {number}")));
            }
        }
        Ok(())
    }

    fn signal(&mut self, number: u32, payload: &[u8]) -> Result<(), Failure> {
        let request: requests::Signal = requests::parse(payload)?;
        if !(1..=64).contains(&request.signal) {
            return Err(fault(format!("{} is no signal", request.signal)));
        }
        match self.channels.get(&number).map(|channel| &channel.task) {
            Some(Task::Exec(command)) => command.signal(request.signal),
            _ => return Err(fault(format!("channel {number} is no command"))),
        }
        Ok(())
    }

    /// A command is killed and still has a result; a file is given up.
    fn cancel(&mut self, number: u32, out: &mut Outbox) -> Result<(), Failure> {
        if let Some(Task::Exec(command)) = self.channels.get(&number).map(|channel| &channel.task) {
            command.kill();
        } else if self.channels.remove(&number).is_some() {
            out.error(number, &Failure::new("cancelled", "the host gave it up"));
        }
        Ok(())
    }

    /// Adds what the channels wait for to a poll. Returns whether one is ready without it.
    pub fn watch(&self, has_room: bool, polls: &mut Vec<libc::pollfd>) -> bool {
        let mut ready = false;
        for channel in self.channels.values() {
            let may_send = has_room && channel.credit > 0;
            match &channel.task {
                Task::Exec(command) => command.watch(may_send, polls),
                Task::Read(_) => ready |= may_send,
                Task::Write(_) => {}
            }
        }
        ready
    }

    /// When something is due next, in milliseconds since boot.
    pub fn due(&self) -> u64 {
        let due = self.channels.values().map(|channel| match &channel.task {
            Task::Exec(command) => command.due(),
            _ => u64::MAX,
        });
        due.min().unwrap_or(u64::MAX)
    }

    pub fn has_commands(&self) -> bool {
        self.channels.values().any(|channel| matches!(channel.task, Task::Exec(_)))
    }

    /// Tells the command of this pid that it has ended.
    pub fn exited(&mut self, pid: i32, status: i32, now: u64) {
        for channel in self.channels.values_mut() {
            match &mut channel.task {
                Task::Exec(command) if command.pid == pid => command.exited(status, now),
                _ => {}
            }
        }
    }

    /// Gives every channel a turn, beginning behind the one that was first the last time.
    pub fn pump(&mut self, ready: &[RawFd], out: &mut Outbox, now: u64) {
        let behind = self.channels.range(self.turn.saturating_add(1)..).map(|(number, _)| *number);
        let before = self.channels.range(..=self.turn).map(|(number, _)| *number);
        let order: Vec<u32> = behind.chain(before).collect();
        self.turn = order.first().copied().unwrap_or(0);
        for number in order {
            let Some(channel) = self.channels.get_mut(&number) else { continue };
            if channel.pump(number, ready, out, now) {
                self.channels.remove(&number);
            }
        }
    }
}

impl Channel {
    /// Returns whether the channel is closed now; its last frame is then in `out`.
    fn pump(&mut self, number: u32, ready: &[RawFd], out: &mut Outbox, now: u64) -> bool {
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

    /// Lets the host send as many bytes again, in portions that are worth a frame.
    fn give_back(&mut self, number: u32, bytes: u64, out: &mut Outbox) {
        self.owed += bytes;
        if self.owed >= CREDIT_STEP {
            out.credit(number, self.owed);
            self.allowed += self.owed;
            self.owed = 0;
        }
    }
}
