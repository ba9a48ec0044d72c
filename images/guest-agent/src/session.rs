//! One session with a host: its channels, and what each frame does to them.

use crate::channel::{fault, Channel, Task};
use crate::command::Command;
use crate::failure::Failure;
use crate::files::{Reading, Writing};
use crate::machine::Machine;
use crate::outbox::Outbox;
use crate::protocol::{Kind, MAX_CHANNELS};
use crate::requests::{self, Done, FileResult, ShutdownMode};
use std::collections::BTreeMap;
use std::os::fd::RawFd;

/// Dropping it kills the commands and removes incomplete files.
#[derive(Default)]
pub struct Session {
    channels: BTreeMap<u32, Channel>,
    /// The highest channel so far. Numbers are not reused, so a frame for a closed channel was sent
    /// before the host knew that it had closed.
    last: u32,
    /// The channel that came first last time: they take turns, so that none can starve the others.
    turn: u32,
    pub shutdown: Option<ShutdownMode>,
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
                return Err(fault(format!("channel {channel} is not new")));
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
            Kind::Credit => {
                self.channels.get_mut(&channel).map_or(Ok(()), |open| open.grant(payload))
            }
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
            Ok(task) => {
                self.channels.insert(channel, Channel::new(channel, task, out));
            }
            Err(failure) => out.error(channel, &failure),
        }
        Ok(())
    }

    /// Answers requests that need no channel.
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

    fn data(&mut self, number: u32, payload: &[u8], out: &mut Outbox) -> Result<(), Failure> {
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        if channel.data(number, payload, out)? {
            self.channels.remove(&number);
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

    fn signal(&mut self, number: u32, payload: &[u8]) -> Result<(), Failure> {
        let request: requests::Signal = requests::parse(payload)?;
        if !(1..=64).contains(&request.signal) {
            return Err(fault(format!("{} is not a signal", request.signal)));
        }
        match self.channels.get(&number).map(|channel| &channel.task) {
            Some(Task::Exec(command)) => command.signal(request.signal),
            _ => return Err(fault(format!("channel {number} is not a command"))),
        }
        Ok(())
    }

    /// Kills a command, which still has a result; abandons a file.
    fn cancel(&mut self, number: u32, out: &mut Outbox) -> Result<(), Failure> {
        if let Some(Task::Exec(command)) = self.channels.get(&number).map(|channel| &channel.task) {
            command.kill();
        } else if self.channels.remove(&number).is_some() {
            out.error(number, &Failure::new("cancelled", "cancelled by the host"));
        }
        Ok(())
    }

    /// Adds what the channels wait for to a poll. Returns whether one is ready without waiting.
    pub fn watch(&self, has_room: bool, polls: &mut Vec<libc::pollfd>) -> bool {
        let mut ready = false;
        for channel in self.channels.values() {
            ready |= channel.watch(has_room, polls);
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

    /// Gives every channel a turn, starting after the one that came first last time.
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

#[cfg(test)]
#[path = "session_test.rs"]
mod tests;
