//! A control group per command, where the kernel has them: it bounds the number of processes
//! (also of root, whom RLIMIT_NPROC does not bind), ends what has left the process group, and
//! knows whether the OOM killer came. Without them the agent does without.

use crate::sys;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

const ROOT: &str = "/sys/fs/cgroup";
const OURS: &str = "/sys/fs/cgroup/guesthouse";

/// The group of one command; removed when dropped, unless something still runs in it.
pub struct Cgroup {
    dir: String,
    pub procs: OwnedFd,
}

/// Makes the parent of all groups; at most `most_processes` run in them together.
/// Fails with `ENOTSUP` where version 2 is not mounted.
pub fn prepare(most_processes: u64) -> io::Result<()> {
    if !Path::new(ROOT).join("cgroup.controllers").exists() {
        return Err(io::Error::from_raw_os_error(libc::ENOTSUP));
    }
    // A kernel may lack one of them; what it has is still of use.
    for controller in ["+pids", "+memory"] {
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
    /// A group for the command of this number, or `None` where there are none.
    pub fn create(number: u64) -> Option<Cgroup> {
        sweep();
        let dir = format!("{OURS}/{number}");
        fs::create_dir(&dir).ok()?;
        let procs = sys::open(&format!("{dir}/cgroup.procs"), libc::O_WRONLY, 0).ok()?;
        Some(Cgroup { dir, procs })
    }

    /// Kills everything in it. Needs Linux 5.14; before that the process group must do.
    pub fn kill(&self) {
        let _ = fs::write(format!("{}/cgroup.kill", self.dir), "1");
    }

    /// Whether the OOM killer took something of it.
    pub fn had_oom(&self) -> bool {
        let events = fs::read_to_string(format!("{}/memory.events", self.dir)).unwrap_or_default();
        let kills = events.lines().find_map(|line| line.strip_prefix("oom_kill "));
        kills.is_some_and(|count| count.trim() != "0")
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.dir);
    }
}

/// Removes groups whose last process ended after its command. Those in use refuse it.
fn sweep() {
    let Ok(entries) = fs::read_dir(OURS) else { return };
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        let _ = fs::remove_dir(entry.path());
    }
}
