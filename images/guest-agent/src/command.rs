//! A command that runs in a channel: its pipes, its time limit and how it ends.

use crate::cgroup::Cgroup;
use crate::failure::Failure;
use crate::oom;
use crate::outbox::Outbox;
use crate::protocol::Kind;
use crate::requests::{Exec, ExecResult};
use crate::spawn::{spawn, Limits};
use crate::sys;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

const CHUNK: u64 = 64 * 1024;
/// Between the TERM and the KILL of a command that has reached its time limit.
const GRACE_MS: u64 = 2000;
/// A command may leave a process behind that holds its pipes open forever. Once the command has
/// ended and there was no output for this long, it is over.
const QUIET_MS: u64 = 300;
/// How often to check for processes left by a command that timed out: no signal reports their end.
const LOOK_MS: u64 = 50;
const OUTPUTS: [Kind; 2] = [Kind::Data, Kind::Stderr];

pub struct Command {
    pub pid: i32,
    stdin: Option<OwnedFd>,
    /// Input that the command has not read yet, from `queued_from` on.
    queue: Vec<u8>,
    queued_from: usize,
    stdin_ended: bool,
    outputs: [Option<OwnedFd>; 2],
    /// The wait status, once it has ended.
    status: Option<i32>,
    deadline: Option<u64>,
    kill_at: Option<u64>,
    /// When to check next for processes that it left, which have time until the KILL.
    look_at: Option<u64>,
    /// When its output no longer counts after a KILL: processes that die slowly may still write.
    deaf_at: u64,
    timed_out: bool,
    quiet_at: u64,
    /// The OOM killer's count at the start; `u64::MAX` if the control group keeps its own.
    oom_before: u64,
    cgroup: Option<Cgroup>,
}

impl Command {
    /// Starts it. `number` names its control group, if it gets one.
    pub fn start(
        request: &Exec,
        limits: Limits,
        number: u64,
        now: u64,
    ) -> Result<Command, Failure> {
        let cgroup = limits.cgroups.then(|| Cgroup::take(number)).flatten();
        let by_group = cgroup.as_ref().is_some_and(Cgroup::knows_oom);
        let oom_before = if by_group { u64::MAX } else { oom::kills() };
        let spawned = spawn(request, limits, cgroup.as_ref().map(|group| group.procs.as_raw_fd()))?;
        Ok(Command {
            pid: spawned.pid,
            stdin: spawned.stdin,
            queue: Vec::new(),
            queued_from: 0,
            stdin_ended: !request.stdin,
            outputs: [Some(spawned.stdout), Some(spawned.stderr)],
            status: None,
            deadline: request.timeout_ms.map(|timeout| now.saturating_add(timeout)),
            kill_at: None,
            look_at: None,
            deaf_at: u64::MAX,
            timed_out: false,
            quiet_at: u64::MAX,
            oom_before,
            cgroup,
        })
    }

    /// Adds what it waits for to a poll.
    pub fn watch(&self, may_send: bool, polls: &mut Vec<libc::pollfd>) {
        let mut add = |fd: &OwnedFd, events| {
            polls.push(libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 });
        };
        if may_send {
            self.outputs.iter().flatten().for_each(|fd| add(fd, libc::POLLIN));
        }
        match &self.stdin {
            Some(stdin) if !self.queue.is_empty() => add(stdin, libc::POLLOUT),
            _ => {}
        }
    }

    /// Moves what can be moved. Returns how many bytes were sent, and how many stdin took.
    pub fn pump(
        &mut self,
        ready: &[RawFd],
        channel: u32,
        mut credit: u64,
        out: &mut Outbox,
        now: u64,
    ) -> (u64, u64) {
        let mut sent = 0;
        for (output, kind) in self.outputs.iter_mut().zip(OUTPUTS) {
            let Some(fd) = output.as_ref().map(AsRawFd::as_raw_fd) else { continue };
            if credit == 0 || !out.has_room() {
                // It waits for the host, so this does not count as silence.
                self.quiet_at = self.quiet_at.max(now + QUIET_MS);
                continue;
            }
            if !ready.contains(&fd) {
                continue;
            }
            match out.read_from(fd, kind, channel, CHUNK.min(credit) as usize) {
                Ok(count) if count > 0 => {
                    credit -= count as u64;
                    sent += count as u64;
                    self.quiet_at = self.quiet_at.max(now + QUIET_MS);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                _ => *output = None,
            }
        }
        let stdin_ready = self.stdin.as_ref().is_some_and(|fd| ready.contains(&fd.as_raw_fd()));
        (sent, if stdin_ready { self.drain_stdin() } else { 0 })
    }

    /// Whether the host may send to stdin.
    pub fn takes_stdin(&self) -> bool {
        !self.stdin_ended
    }

    /// Passes bytes to stdin, or queues them. Returns how many no longer need room.
    pub fn feed(&mut self, bytes: &[u8]) -> u64 {
        if self.stdin.is_none() {
            return bytes.len() as u64;
        }
        // The window limits what waits; what was taken must be removed even if the queue is never
        // empty.
        if self.queued_from > self.queue.len() / 2 {
            self.queue.drain(..self.queued_from);
            self.queued_from = 0;
        }
        self.queue.extend_from_slice(bytes);
        self.drain_stdin()
    }

    /// Ends stdin once the queue is empty.
    pub fn end_stdin(&mut self) {
        self.stdin_ended = true;
        if self.queue.is_empty() {
            self.stdin = None;
        }
    }

    fn drain_stdin(&mut self) -> u64 {
        let mut taken = 0;
        while let Some(stdin) = &self.stdin {
            if self.queued_from == self.queue.len() {
                break;
            }
            match sys::write(stdin.as_raw_fd(), &self.queue[self.queued_from..]) {
                Ok(count) => {
                    self.queued_from += count;
                    taken += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return taken,
                // The command no longer reads it, which is its own choice and not a failure.
                Err(_) => {
                    taken += (self.queue.len() - self.queued_from) as u64;
                    self.stdin = None;
                    self.queued_from = self.queue.len();
                }
            }
        }
        (self.queue, self.queued_from) = (Vec::new(), 0);
        if self.stdin_ended {
            self.stdin = None;
        }
        taken
    }

    pub fn exited(&mut self, status: i32, now: u64) {
        // It had ended already: this is another process with the same number.
        if self.status.is_some() {
            return;
        }
        self.status = Some(status);
        self.quiet_at = now + QUIET_MS;
    }

    /// Sends a signal to the whole process group.
    pub fn signal(&self, signal: i32) {
        if self.owns_group() {
            // SAFETY: no memory is involved. The group may be gone, which is what one wants then.
            unsafe { libc::kill(-self.pid, signal) };
        }
    }

    /// Whether the group with its number is its own. The kernel never reuses a number while a
    /// process or a group has it. So once the command is reaped, a process with its number means
    /// that its group became empty and that the number belongs to another process now.
    fn owns_group(&self) -> bool {
        self.status.is_none() || !sys::exists(self.pid)
    }

    /// Whether any of its processes still runs.
    fn lives(&self) -> bool {
        self.cgroup.as_ref().is_some_and(Cgroup::is_populated)
            || self.owns_group() && sys::exists(-self.pid)
    }

    /// Kills all its processes.
    pub fn kill(&self) {
        self.signal(libc::SIGKILL);
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill();
        }
    }

    /// Does what is due, and returns the result when the command is over.
    pub fn tick(&mut self, now: u64) -> Option<ExecResult> {
        if self.deadline.is_some_and(|at| now >= at) {
            self.deadline = None;
            self.timed_out = true;
            self.kill_at = Some(now + GRACE_MS);
            self.signal(libc::SIGTERM);
        }
        if self.kill_at.is_some_and(|at| now >= at) {
            self.kill_at = None;
            self.deaf_at = now + QUIET_MS;
            self.kill();
        }
        let status = self.status?;
        // Processes that it started get this time too; after the result, nothing would kill them.
        let waits = self.kill_at.is_some() && self.lives();
        self.look_at = waits.then_some(now + LOOK_MS);
        if waits {
            return None;
        }
        if now >= self.quiet_at.min(self.deaf_at) {
            self.outputs = [None, None];
        }
        let over = self.outputs.iter().all(Option::is_none);
        over.then(|| self.result(status))
    }

    /// When something is due next, in milliseconds since boot.
    pub fn due(&self) -> u64 {
        let quiet = self.status.map_or(u64::MAX, |_| self.quiet_at.min(self.deaf_at));
        let next = self.look_at.unwrap_or(quiet);
        [self.deadline, self.kill_at].into_iter().flatten().fold(next, u64::min)
    }

    fn result(&mut self, status: i32) -> ExecResult {
        let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
        let code = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
        // 137 is what a shell makes of a child that was killed.
        let killed = signal == Some(libc::SIGKILL) || code == Some(128 + libc::SIGKILL);
        let oom = self.cgroup.as_ref().is_some_and(Cgroup::had_oom)
            || (killed && self.oom_before != u64::MAX && oom::kills() > self.oom_before);
        self.pid = 0;
        ExecResult { code, signal, timed_out: self.timed_out, oom }
    }
}

impl Drop for Command {
    /// A command without a result yet dies with its channel.
    fn drop(&mut self) {
        if self.pid > 0 {
            self.kill();
        }
        if let Some(cgroup) = self.cgroup.take() {
            cgroup.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(argv: &[&str]) -> Command {
        let argv: Vec<String> = argv.iter().map(|word| word.to_string()).collect();
        let request = serde_json::json!({ "argv": argv, "timeoutMs": 100 }).to_string();
        let request = crate::requests::parse(request.as_bytes()).unwrap();
        Command::start(&request, Limits::default(), 1, 0).unwrap()
    }

    /// Waits for a child's end, and returns its wait status.
    fn reap(pid: i32) -> i32 {
        let mut status = 0;
        // SAFETY: `status` is a valid place for the result.
        assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
        status
    }

    #[test]
    fn a_number_that_has_another_owner_is_not_signalled() {
        let mut command = start(&["sleep", "1000"]);
        let pid = command.pid;
        // As if it had ended and another process had its number now.
        command.exited(0, 0);
        assert!(!command.lives());
        command.kill();
        drop(command);
        // SAFETY: no memory is involved; the child is not reaped yet.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        assert_eq!(libc::WTERMSIG(reap(pid)), libc::SIGTERM);
    }

    #[test]
    fn the_result_waits_for_what_has_time_until_the_kill() {
        // The child closes its pipes; the result would otherwise wait for them.
        let script = "(trap '' TERM; echo; exec sleep 1000 >&- 2>&-) & wait";
        let mut command = start(&["sh", "-c", script]);
        let stdout = command.outputs[0].as_ref().unwrap().as_raw_fd();
        let mut polls = [libc::pollfd { fd: stdout, events: libc::POLLIN, revents: 0 }];
        sys::poll(&mut polls, 20_000);
        assert!(command.tick(100).is_none());
        command.exited(reap(command.pid), 110);
        assert!(command.tick(110 + QUIET_MS).is_none());
        assert_eq!(command.due(), 110 + QUIET_MS + LOOK_MS);
        let result = command.tick(100 + GRACE_MS).unwrap();
        assert_eq!((result.signal, result.timed_out), (Some(libc::SIGTERM), true));
    }
}
