//! The agent in a guesthouse guest. It speaks the protocol of `docs/agent-protocol.md` on two
//! virtio-serial ports, and is the guest's init if it is started as PID 1. With `--socket PATH` it
//! serves a Unix socket instead and leaves the machine alone.

mod agent;
mod boot;
mod cgroup;
mod channel;
mod command;
mod console;
mod events;
mod failure;
mod files;
mod link;
mod machine;
mod network;
mod oom;
mod outbox;
mod parser;
mod protocol;
mod requests;
mod session;
mod spawn;
mod sys;
mod users;

use agent::Agent;
use link::Link;
use machine::{Machine, Role};
use spawn::Limits;
use std::io;

const USAGE: &str = "usage: guest-agent [--socket PATH [--events PATH]] | --version";

fn main() {
    // The kernel passes words of its command line to PID 1; none is for the agent.
    if boot::is_init_of_machine() {
        let limits = boot::boot();
        return serve(Role::Init, limits, ports);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--version"] => println!(
            "guest-agent {} protocol {} {}",
            env!("CARGO_PKG_VERSION"),
            protocol::PROTOCOL,
            std::env::consts::ARCH
        ),
        ["--socket", path] => serve(Role::Process, Limits::default(), || {
            Ok((Link::socket(path)?, Link::socket(&format!("{path}.events"))?))
        }),
        ["--socket", path, "--events", events] => serve(Role::Process, Limits::default(), || {
            Ok((Link::socket(path)?, Link::socket(events)?))
        }),
        [] => {
            let limits = Limits { oom_score: boot::spare_from_oom(), ..Limits::default() };
            serve(Role::Service, limits, ports);
        }
        _ => {
            eprintln!("{USAGE}");
            std::process::exit(2);
        }
    }
}

/// A host that waits for the agent loses up to 20 ms. Events are less urgent.
fn ports() -> io::Result<(Link, Link)> {
    Ok((Link::port("guesthouse.agent", 20), Link::port("guesthouse.events", 200)))
}

fn serve(role: Role, limits: Limits, links: impl FnOnce() -> io::Result<(Link, Link)>) {
    let agent = links()
        .and_then(|(link, events)| Agent::new(Machine::new(role, limits), link, events))
        .unwrap_or_else(|error| {
            console::say_failed("start", &error);
            std::process::exit(1);
        });
    agent.run()
}
