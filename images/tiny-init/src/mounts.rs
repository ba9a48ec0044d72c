//! Pseudo file systems: in the initramfs, and on their way into the root.

use crate::errno::errno;
use crate::report::{Failure, Status};
use crate::sys;
use libc::{MS_MOVE, MS_NODEV, MS_NOEXEC, MS_NOSUID};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;

/// Where the root disk is mounted until it becomes `/`.
pub const ROOT: &str = "/mnt";

const DATA_ONLY: u64 = MS_NOSUID | MS_NODEV | MS_NOEXEC;

/// Mounts `/dev`, `/proc`, `/sys` and `/tmp`, and opens the console as soon as there is one.
pub fn mount_pseudo() -> Result<(), Failure> {
    let dev = mount("mount /dev", "devtmpfs", "/dev", MS_NOSUID, "mode=0755");
    open_console();
    dev?;
    mount("mount /proc", "proc", "/proc", DATA_ONLY, "")?;
    mount("mount /sys", "sysfs", "/sys", DATA_ONLY, "")?;
    mount("mount /tmp", "tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777")
}

fn mount(step: &'static str, kind: &str, at: &str, flags: u64, data: &str) -> Result<(), Failure> {
    let mounted = ensure_folder(at).and_then(|()| match sys::mount(kind, at, kind, flags, data) {
        // The kernel has mounted it itself.
        Err(error) if errno(&error) == libc::EBUSY => Ok(()),
        result => result,
    });
    mounted.map_err(Failure::of(step, Status::PseudoMount))
}

/// Without a console the boot goes on in silence. Descriptors 0 to 2 are taken in any case, so that
/// no line is ever written into another file.
fn open_console() {
    let open =
        |path| OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(path);
    if let Ok(file) = open("/dev/console").or_else(|_| open("/dev/null")) {
        sys::become_stdio(file);
    }
}

/// Moves `/dev`, `/proc` and `/sys` below the root.
pub fn move_pseudo() -> Result<(), Failure> {
    for (step, at) in [("move /dev", "/dev"), ("move /proc", "/proc"), ("move /sys", "/sys")] {
        let target = format!("{ROOT}{at}");
        ensure_folder(&target)
            .and_then(|()| sys::mount(at, &target, "", MS_MOVE, ""))
            .map_err(Failure::of(step, Status::PseudoMount))?;
    }
    Ok(())
}

/// Makes a folder where there is none.
pub fn ensure_folder(path: &str) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(_) if fs::metadata(path).is_ok_and(|found| found.is_dir()) => Ok(()),
        result => result,
    }
}

/// Reads the start of a file: fewer bytes if it is shorter.
pub fn read_start(path: &str, bytes: usize) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(File::open(path)?, bytes as u64), &mut start)?;
    Ok(start)
}
