//! Mounts the root disk, and a writable layer over it.

use crate::cmdline::Words;
use crate::errno::{self, errno};
use crate::mounts::{ensure_directory, read_start, ROOT};
use crate::report::{say, say_failed, Failure, Status};
use crate::superblock::{content, RootFs, PROBE_BYTES};
use crate::sys;
use libc::{MS_NOATIME, MS_RDONLY};
use std::io;

/// How a root disk is to be mounted.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    fs: RootFs,
    read_only: bool,
    overlay: bool,
}

impl Plan {
    fn new(fs: RootFs, words: &Words) -> Plan {
        let erofs = fs == RootFs::Erofs;
        Plan {
            fs,
            read_only: erofs || words.flag("ro") == Some(true),
            overlay: words.flag("overlay").unwrap_or(erofs),
        }
    }
}

/// Mounts the disk on [`ROOT`]. Returns how, e.g. "ext4, read-only".
pub fn mount_root(disk: &str, words: &Words) -> Result<String, Failure> {
    let fail = Failure::of("root", Status::RootMount);
    ensure_directory(ROOT).map_err(&fail)?;
    let found = read_start(disk, PROBE_BYTES).map_err(&fail)?;
    let found = content(&found);
    let plan = Plan::new(choose_fs(disk, found, words).map_err(&fail)?, words);
    let fs = plan.fs.name();
    // On a disk that is thrown away, unused inode tables need not be zeroed.
    let data = if plan.fs == RootFs::Ext4 { "noinit_itable" } else { "" };
    let flags = MS_NOATIME | if plan.read_only { MS_RDONLY } else { 0 };
    sys::mount(disk, ROOT, fs, flags, data).map_err(|error| {
        if found != Some(fs) {
            say!("root: {disk} holds {}, not {fs}", found.unwrap_or("nothing known"));
        } else if errno(&error) == libc::ENODEV {
            say!("root: the kernel has no {fs}: is its module in /modules/order?");
        }
        fail(error)
    })?;
    let mut outcome = fs.to_owned();
    if plan.read_only {
        outcome.push_str(", read-only");
    }
    if plan.overlay {
        match mount_overlay() {
            Ok(()) => outcome.push_str(", overlay"),
            Err(error) => say_failed("overlay", &error),
        }
    }
    Ok(outcome)
}

fn choose_fs(disk: &str, found: Option<&str>, words: &Words) -> io::Result<RootFs> {
    let (name, fault) = match words.value("rootfstype") {
        Some(name) => (Some(name), "guesthouse.rootfstype is"),
        None => (found, "the disk holds"),
    };
    name.and_then(RootFs::from_name).ok_or_else(|| {
        let name = name.unwrap_or("nothing known");
        say!("root: {disk}: {fault} {name}, which is neither ext4 nor erofs");
        errno::error(libc::EINVAL)
    })
}

/// Mounts a writable layer in memory (`/tmp`) over the root.
fn mount_overlay() -> io::Result<()> {
    ensure_directory("/tmp/upper")?;
    ensure_directory("/tmp/work")?;
    let layers = format!("lowerdir={ROOT},upperdir=/tmp/upper,workdir=/tmp/work");
    sys::mount("overlay", ROOT, "overlay", MS_NOATIME, &layers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_follows_the_file_system_and_the_words() {
        for (fs, line, read_only, overlay) in [
            (RootFs::Ext4, "", false, false),
            (RootFs::Ext4, "guesthouse.ro", true, false),
            (RootFs::Ext4, "guesthouse.ro guesthouse.overlay", true, true),
            (RootFs::Ext4, "guesthouse.overlay", false, true),
            (RootFs::Erofs, "", true, true),
            (RootFs::Erofs, "guesthouse.ro=off", true, true),
            (RootFs::Erofs, "guesthouse.overlay=off", true, false),
        ] {
            let plan = Plan::new(fs, &Words::parse(line));
            assert_eq!(plan, Plan { fs, read_only, overlay }, "{fs:?} {line}");
        }
    }

    #[test]
    fn choose_fs_prefers_the_word_to_the_disk() {
        let choose = |found, line| choose_fs("/dev/vda", found, &Words::parse(line)).ok();
        assert_eq!(choose(Some("ext4"), ""), Some(RootFs::Ext4));
        assert_eq!(choose(Some("ext4"), "guesthouse.rootfstype=erofs"), Some(RootFs::Erofs));
        assert_eq!(choose(Some("ext4"), "guesthouse.rootfstype=btrfs"), None);
        assert_eq!(choose(Some("qcow2"), ""), None);
        assert_eq!(choose(None, ""), None);
    }
}
