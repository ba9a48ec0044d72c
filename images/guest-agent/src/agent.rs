//! The loop: one thread that waits for the host, the commands and the clock, and serves them.

use crate::console::say;
use crate::events::Events;
use crate::failure::Failure;
use crate::link::Link;
use crate::machine::{Machine, Role};
use crate::oom;
use crate::outbox::Outbox;
use crate::parser::{Item, Parser};
use crate::protocol::{MAX_CHANNELS, MAX_PAYLOAD, PROTOCOL, WINDOW};
use crate::requests::ShutdownMode;
use crate::session::Session;
use crate::sys;
use serde_json::{json, Map, Value};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// How often to check for the OOM killer while commands run.
const OOM_MS: u64 = 1000;
/// How long to wait for the last answer to be sent before a shutdown.
const LAST_WORD_MS: u64 = 1000;

pub struct Agent {
    machine: Machine,
    link: Link,
    events: Events,
    signals: OwnedFd,
    parser: Parser,
    out: Outbox,
    session: Option<Session>,
    oom_kills: u64,
    oom_look_at: u64,
    /// Whether commands run, or ran since the last check.
    oom_watched: bool,
    announced: bool,
    /// Whether requests wait in the parser until there is room for their answers.
    held: bool,
}

impl Agent {
    pub fn new(machine: Machine, link: Link, events: Link) -> io::Result<Agent> {
        Ok(Agent {
            machine,
            link,
            events: Events::new(Some(events)),
            signals: sys::signal_fd(&[libc::SIGCHLD, libc::SIGTERM, libc::SIGINT])?,
            parser: Parser::new(),
            out: Outbox::default(),
            session: None,
            oom_kills: oom::kills(),
            oom_look_at: 0,
            oom_watched: false,
            announced: false,
            held: false,
        })
    }

    /// Serves until the machine is shut down.
    pub fn run(mut self) -> ! {
        let mut polls = Vec::new();
        loop {
            let timeout_ms = self.prepare(&mut polls);
            sys::poll(&mut polls, timeout_ms);
            polls.retain(|poll| poll.revents != 0);
            self.serve(&polls);
        }
    }

    /// Lists what to wait for, and returns the longest time to wait, in milliseconds.
    fn prepare(&self, polls: &mut Vec<libc::pollfd>) -> i32 {
        polls.clear();
        let fd = self.signals.as_raw_fd();
        polls.push(libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
        self.link.watch(!self.out.is_stuck(), !self.out.is_empty(), polls);
        self.events.watch(polls);
        if self.held && !self.out.is_stuck() {
            return 0;
        }
        let mut due = self.link.due().min(self.events.due());
        if self.oom_watched {
            due = due.min(self.oom_look_at);
        }
        if let Some(session) = &self.session {
            due = due.min(session.due());
            if session.watch(self.out.has_room(), polls) {
                return 0;
            }
        }
        if due == u64::MAX {
            return -1;
        }
        // Rounded up: the clock counts whole milliseconds, and waking too early means waking twice.
        due.saturating_sub(sys::uptime_ms()).min(60_000) as i32 + i32::from(due > 0)
    }

    fn serve(&mut self, polls: &[libc::pollfd]) {
        let now = sys::uptime_ms();
        self.take_signals(now);
        if self.link.look(now) {
            self.drop_session();
        }
        self.announce();
        self.receive(polls, now);
        if let Some(session) = &mut self.session {
            let ready: Vec<RawFd> = polls.iter().map(|poll| poll.fd).collect();
            session.pump(&ready, &mut self.out, now);
        }
        self.watch_oom(now);
        self.flush(now);
        self.events.pump(polls, now);
        if let Some(mode) = self.session.as_ref().and_then(|session| session.shutdown) {
            self.shut_down(mode);
        }
    }

    /// Says once that it can be reached.
    fn announce(&mut self) {
        if self.announced || !self.link.is_open() {
            return;
        }
        self.announced = true;
        say(&format!("ready at {} ms", sys::uptime_ms()));
        self.events.emit("ready", object(json!({ "version": env!("CARGO_PKG_VERSION") })));
    }

    fn take_signals(&mut self, now: u64) {
        while let Some(signal) = sys::next_signal(&self.signals) {
            match signal {
                libc::SIGCHLD => {}
                // The kernel sends PID 1 an INT for Ctrl-Alt-Delete.
                libc::SIGINT if self.machine.role == Role::Init => {
                    self.shut_down(ShutdownMode::Reboot)
                }
                _ if self.machine.role == Role::Init => self.shut_down(ShutdownMode::Poweroff),
                // The service ends; the machine keeps running.
                _ => {
                    self.drop_session();
                    std::process::exit(0);
                }
            }
        }
        // Signals merge, so one may stand for many children. As PID 1 it also gets orphans.
        while let Some((pid, status)) = sys::reap() {
            if let Some(session) = &mut self.session {
                session.exited(pid, status, now);
            }
        }
    }

    fn receive(&mut self, polls: &[libc::pollfd], now: u64) {
        let Some(fd) = self.link.fd() else { return };
        let revents = polls.iter().find(|poll| poll.fd == fd).map_or(0, |poll| poll.revents);
        if revents & (libc::POLLHUP | libc::POLLERR) != 0 {
            return self.hang_up(now);
        }
        // Requests that arrived earlier may have waited for room for their answers.
        self.take_items(now);
        if revents & libc::POLLIN == 0 || self.out.is_stuck() {
            return;
        }
        match self.parser.fill(|buffer| read_much(fd, buffer)) {
            Ok(0) => self.hang_up(now),
            Ok(_) => self.take_items(now),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.hang_up(now),
        }
    }

    fn take_items(&mut self, now: u64) {
        loop {
            self.held = self.out.is_stuck();
            if self.held {
                return;
            }
            let Some(item) = self.parser.next() else { return };
            let fault = match item {
                Item::Preamble(nonce) => {
                    // Ends the old session, with its commands, before the new one begins.
                    self.session = None;
                    self.session = Some(Session::default());
                    self.out.hello(&nonce, &hello(self.machine.role));
                    continue;
                }
                Item::Fault(message) => Failure::new("protocol", message),
                Item::Frame { kind, channel, payload } => {
                    let Some(session) = &mut self.session else { continue };
                    let out = &mut self.out;
                    match session.handle(kind, channel, payload, &self.machine, out, now) {
                        Ok(()) => continue,
                        Err(failure) => failure,
                    }
                }
            };
            self.parser.scan();
            self.session = None;
            self.out.error(0, &fault);
            say(&format!("session ended: {}", fault.message));
        }
    }

    fn flush(&mut self, now: u64) {
        let Some(fd) = self.link.fd() else { return };
        if self.out.flush(fd).is_err() {
            self.hang_up(now);
        }
    }

    fn hang_up(&mut self, now: u64) {
        self.link.hang_up(now);
        self.drop_session();
    }

    fn drop_session(&mut self) {
        self.session = None;
        self.parser.reset();
        self.out.clear();
    }

    fn watch_oom(&mut self, now: u64) {
        let busy = self.session.as_ref().is_some_and(Session::has_commands);
        let looks = self.oom_watched && now >= self.oom_look_at;
        if busy && !self.oom_watched || looks {
            self.oom_look_at = now + OOM_MS;
            self.oom_watched = busy;
        }
        if !looks {
            return;
        }
        let kills = oom::kills();
        if kills > self.oom_kills {
            self.events.emit("oom", object(json!({ "kills": kills - self.oom_kills })));
            self.oom_kills = kills;
        }
    }

    fn shut_down(&mut self, mode: ShutdownMode) {
        let until = sys::uptime_ms() + LAST_WORD_MS;
        while let Some(fd) = self.link.fd().filter(|_| !self.out.is_empty()) {
            let now = sys::uptime_ms();
            if now >= until || self.out.flush(fd).is_err() {
                break;
            }
            let mut polls = [libc::pollfd { fd, events: libc::POLLOUT, revents: 0 }];
            sys::poll(&mut polls, (until - now) as i32);
        }
        self.drop_session();
        say("shutting down");
        self.machine.shut_down(mode);
    }
}

/// Reads all there is: one read of a port gives at most 4 KiB, a page of the device's queue.
fn read_much(fd: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match sys::read(fd, &mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if filled == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(filled)
}

fn hello(role: Role) -> Value {
    json!({
        "protocol": PROTOCOL,
        "version": env!("CARGO_PKG_VERSION"),
        "arch": std::env::consts::ARCH,
        "init": role == Role::Init,
        "maxPayload": MAX_PAYLOAD,
        "maxChannels": MAX_CHANNELS,
        "window": WINDOW,
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
