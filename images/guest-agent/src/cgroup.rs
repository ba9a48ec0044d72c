//! A control group for each command, if the kernel has them: it limits the number of processes
//! (root's too, which RLIMIT_NPROC does not), ends processes that have left the process group, and
//! records whether the OOM killer has killed any. The agent also works without.

use crate::sys;
use std::cell::RefCell;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

const ROOT: &str = "/sys/fs/cgroup";
const OURS: &str = "/sys/fs/cgroup/guesthouse";

/// The group of one command; removed when dropped, unless a process still runs in it.
pub struct Cgroup {
    dir: String,
    pub procs: OwnedFd,
    /// `cgroup.events`, which says whether a process runs in it.
    state: OwnedFd,
    /// `memory.events`, if the kernel accounts for memory by group.
    memory: Option<OwnedFd>,
    oom_before: u64,
}

/// How many groups are kept for later commands: making and removing one takes as long as starting a
/// small program.
const MOST_FREE: usize = 4;

thread_local! {
    static FREE: RefCell<Vec<Cgroup>> = const { RefCell::new(Vec::new()) };
}

/// Makes the parent of all groups, which together hold at most `most_processes`. Fails with
/// `ENOTSUP` if version 2 is not mounted.
pub fn prepare(most_processes: u64) -> io::Result<()> {
    if !Path::new(ROOT).join("cgroup.controllers").exists() {
        return Err(io::Error::from_raw_os_error(libc::ENOTSUP));
    }
    // A kernel may lack some of them; the others are still useful. With `cpu` the agent gets as
    // much of the processor as all commands together, however many they are.
    for controller in ["+pids", "+memory", "+cpu"] {
        let _ = fs::write(format!("{ROOT}/cgroup.subtree_control"), controller);
    }
    match fs::create_dir(OURS) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let _ = fs::write(format!("{OURS}/cgroup.subtree_control"), "+memory");
    fs::write(format!("{OURS}/pids.max"), most_processes.to_string())
}

impl Cgroup {
    /// A group for the command of this number, or `None` if the kernel has none.
    pub fn take(number: u64) -> Option<Cgroup> {
        let free = FREE.with_borrow_mut(Vec::pop);
        let mut group = match free {
            Some(group) => group,
            None => Cgroup::create(number)?,
        };
        group.oom_before = group.oom_kills();
        Some(group)
    }

    fn create(number: u64) -> Option<Cgroup> {
        sweep();
        let dir = format!("{OURS}/{number}");
        fs::create_dir(&dir).ok()?;
        let open = |name: &str, flags| sys::open(&format!("{dir}/{name}"), flags, 0).ok();
        let procs = open("cgroup.procs", libc::O_WRONLY)?;
        let state = open("cgroup.events", libc::O_RDONLY)?;
        let memory = open("memory.events", libc::O_RDONLY);
        Some(Cgroup { dir, procs, state, memory, oom_before: 0 })
    }

    /// Keeps the group for another command if it is empty; otherwise leaves it to [`sweep`].
    pub fn give_back(self) {
        if self.is_populated() {
            return;
        }
        FREE.with_borrow_mut(|free| {
            if free.len() < MOST_FREE {
                free.push(self);
            }
        });
    }

    /// Whether a process runs in it; zombies do not count.
    pub fn is_populated(&self) -> bool {
        value(&self.state, "populated ") != Some(0)
    }

    /// Kills everything in it. Needs Linux 5.14; before that, only the process group is killed.
    pub fn kill(&self) {
        let _ = fs::write(format!("{}/cgroup.kill", self.dir), "1");
    }

    /// Whether the kernel accounts for the OOM killer by group.
    pub fn knows_oom(&self) -> bool {
        self.memory.is_some()
    }

    /// Whether the OOM killer has killed any of its processes since [`Cgroup::take`].
    pub fn had_oom(&self) -> bool {
        self.oom_kills() > self.oom_before
    }

    fn oom_kills(&self) -> u64 {
        self.memory.as_ref().and_then(|file| value(file, "oom_kill ")).unwrap_or(0)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.dir);
    }
}

/// Removes groups whose last process ended after its command. The kernel keeps those in use.
fn sweep() {
    let Ok(entries) = fs::read_dir(OURS) else { return };
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        let _ = fs::remove_dir(entry.path());
    }
}

/// The number after a key in a small file of the kernel's, which is read again.
fn value(file: &OwnedFd, key: &str) -> Option<u64> {
    let mut text = [0; 512];
    let count = sys::read_at(file.as_raw_fd(), &mut text, 0).ok()?;
    let text = std::str::from_utf8(&text[..count]).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key))?.trim().parse().ok()
}
