//! What PID 1 does before it serves: file systems, names, the network, limits. A step that fails
//! says so on the console, and the guest comes up without it, so that it can still be examined.

use crate::cgroup;
use crate::console::say_failed;
use crate::network;
use crate::spawn::{Limits, SPARED};
use crate::sys::{self, c_string};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::os::unix::fs::{symlink, MetadataExt};
use std::path::Path;

/// Source and type, directory, options; each after those that it needs.
const MOUNTS: [(&str, &str, &str); 8] = [
    ("proc", "/proc", ""),
    ("sysfs", "/sys", ""),
    ("devtmpfs", "/dev", "mode=0755"),
    ("devpts", "/dev/pts", "gid=5,mode=0620,ptmxmode=0666"),
    ("tmpfs", "/dev/shm", "mode=1777"),
    ("tmpfs", "/run", "mode=0755"),
    ("tmpfs", "/tmp", "mode=1777"),
    // Lets a process enter a group without waiting for every processor. Linux 6.0 and later.
    ("cgroup2", "/sys/fs/cgroup", "favordynmods"),
];

/// Links that programs expect in /dev and that devtmpfs does not make.
const LINKS: [(&str, &str); 4] = [
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
];

/// `PROC_PID_INIT_INO` of `<linux/proc_ns.h>`: the namespace that the kernel starts with.
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";

/// Whether this process is the init of a machine. PID 1 of a container is not: it could mount and
/// write what belongs to the container's host.
pub fn is_init_of_machine() -> bool {
    let namespace = || fs::read_link("/proc/self/ns/pid");
    if std::process::id() != 1 {
        return false;
    }
    if namespace().is_err() {
        let _ = ensure_mounted("proc", "/proc", "");
    }
    match namespace() {
        Ok(name) => name.to_str() == Some(FIRST_PID_NAMESPACE),
        // A kernel without such namespaces has no containers either.
        Err(_) => Path::new("/proc/self").exists(),
    }
}

/// Brings the guest up. Returns the limits of its commands.
pub fn boot() -> Limits {
    // SAFETY: no memory is involved.
    unsafe { libc::umask(0o022) };
    for (kind, dir, options) in MOUNTS {
        report(&format!("mount {dir}"), ensure_mounted(kind, dir, options));
    }
    for (target, link) in LINKS {
        let _ = symlink(target, link);
    }
    report("standard streams", open_standard_streams());
    let words = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    report("hostname", set_hostname(&words));
    network::set_up(&words);
    let most = most_processes();
    let cgroups = report("cgroup", cgroup::prepare(most));
    Limits { processes: Some(most), cgroups, oom_score: spare_from_oom() }
}

/// Tells the OOM killer to spare this process. Returns the open file that says so, by which
/// commands are started unprotected.
pub fn spare_from_oom() -> Option<RawFd> {
    let opened = sys::open("/proc/self/oom_score_adj", libc::O_RDWR, 0);
    let file = opened.and_then(|file| sys::write(file.as_raw_fd(), SPARED).map(|_| file));
    match file {
        Ok(file) => Some(file.into_raw_fd()),
        Err(error) => {
            say_failed("oom_score_adj", &error);
            None
        }
    }
}

/// Reports a failure on the console. Returns whether there was none.
pub fn report(what: &str, result: io::Result<()>) -> bool {
    if let Err(error) = &result {
        say_failed(what, error);
    }
    result.is_ok()
}

/// The value of `key=value` in the kernel's command line. The last one counts, as for the kernel,
/// so that a user can override a word by appending another.
pub fn kernel_word<'a>(words: &'a str, key: &str) -> Option<&'a str> {
    words.split_whitespace().rev().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

fn ensure_mounted(kind: &str, dir: &str, options: &str) -> io::Result<()> {
    if is_mount_point(dir) {
        return Ok(());
    }
    // On a read-only root it must exist already; otherwise the mount fails and says so.
    let _ = fs::create_dir_all(dir);
    let with = |options| mount(kind, dir, kind, libc::MS_NOSUID, options);
    match with(options) {
        // An older kernel may not know this option, which only saves time.
        Err(error) if kind == "cgroup2" && error.kind() == io::ErrorKind::InvalidInput => with(""),
        mounted => mounted,
    }
}

/// Whether a directory is on a different device from its parent.
fn is_mount_point(dir: &str) -> bool {
    let above = Path::new(dir).parent().and_then(|parent| fs::metadata(parent).ok());
    match (fs::metadata(dir), above) {
        (Ok(here), Some(above)) => here.dev() != above.dev(),
        _ => false,
    }
}

/// mount(2). Fails with `EINVAL` for texts with zero bytes.
pub fn mount(source: &str, dir: &str, kind: &str, flags: u64, options: &str) -> io::Result<()> {
    let texts = [c_string(source)?, c_string(dir)?, c_string(kind)?, c_string(options)?];
    let [source, dir, kind, options] = texts.each_ref().map(|text| text.as_ptr());
    // SAFETY: all four end in a zero byte and live until the call returns.
    sys::check(unsafe { libc::mount(source, dir, kind, flags, options.cast()) })?;
    Ok(())
}

/// Opens descriptors 0 to 2, which the kernel leaves closed when it has no console: otherwise
/// another file would get these numbers, and commands would write to it.
fn open_standard_streams() -> io::Result<()> {
    loop {
        let fd = sys::open("/dev/null", libc::O_RDWR, 0)?;
        if std::os::fd::AsRawFd::as_raw_fd(&fd) > 2 {
            return Ok(());
        }
        std::mem::forget(fd);
    }
}

/// Sets the name given by `guesthouse.hostname`, else by /etc/hostname, else "guest".
fn set_hostname(words: &str) -> io::Result<()> {
    let file = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = kernel_word(words, "guesthouse.hostname").unwrap_or(file.trim());
    let name = if name.is_empty() { "guest" } else { name };
    // SAFETY: the pointer and the length are those of one text.
    sys::check(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) })?;
    Ok(())
}

/// An emulated processor needs too long to end more than this.
const MOST_PROCESSES: u64 = 1024;

/// Three quarters of what the kernel allows, at most [`MOST_PROCESSES`]. This stops a fork bomb,
/// while the agent, which is exempt, can still start the program that ends it.
fn most_processes() -> u64 {
    let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let threads = number("/proc/sys/kernel/threads-max").unwrap_or(4096);
    let pids = number("/proc/sys/kernel/pid_max").unwrap_or(32768);
    (threads.min(pids) / 4 * 3).min(MOST_PROCESSES)
}

#[cfg(test)]
mod tests {
    use super::kernel_word;

    #[test]
    fn kernel_words_are_matched_whole() {
        let words = "quiet guesthouse.dnsx=1 guesthouse.dns=9.9.9.9 guesthouse.network=off\n";
        assert_eq!(kernel_word(words, "guesthouse.dns"), Some("9.9.9.9"));
        assert_eq!(kernel_word(words, "guesthouse.network"), Some("off"));
        assert_eq!(kernel_word(words, "quiet"), None);
    }

    #[test]
    fn of_several_kernel_words_the_last_counts() {
        let words = "guesthouse.dns=1.1.1.1 guesthouse.dns=9.9.9.9 guesthouse.dnsx=2.2.2.2\n";
        assert_eq!(kernel_word(words, "guesthouse.dns"), Some("9.9.9.9"));
    }
}
