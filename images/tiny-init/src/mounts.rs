//! Pseudo file systems: in the initramfs, and on their way into the root.

use crate::errno::errno;
use crate::report::{say_failed, Failure, Status};
use crate::sys;
use libc::{MS_MOVE, MS_NODEV, MS_NOEXEC, MS_NOSUID};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Where the root disk is mounted until it becomes `/`.
pub const ROOT: &str = "/mnt";

const DATA_ONLY: libc::c_ulong = MS_NOSUID | MS_NODEV | MS_NOEXEC;

/// Mounts `/dev`, `/proc`, `/sys` and `/tmp`, and opens the console as soon as there is one.
pub fn mount_pseudo() -> Result<(), Failure> {
    let dev = mount("mount /dev", "devtmpfs", "/dev", MS_NOSUID, "mode=0755");
    open_console();
    dev?;
    mount("mount /proc", "proc", "/proc", DATA_ONLY, "")?;
    mount("mount /sys", "sysfs", "/sys", DATA_ONLY, "")?;
    mount("mount /tmp", "tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777")
}

fn mount(
    step: &'static str,
    kind: &str,
    at: &str,
    flags: libc::c_ulong,
    data: &str,
) -> Result<(), Failure> {
    let mounted =
        ensure_directory(at).and_then(|()| match sys::mount(kind, at, kind, flags, data) {
            // The kernel has mounted it itself.
            Err(error) if errno(&error) == libc::EBUSY => Ok(()),
            result => result,
        });
    mounted.map_err(Failure::of(step, Status::PseudoMount))
}

/// Without a console the boot continues silently. Descriptors 0 to 2 are always opened, so that no
/// line is written to another file.
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
        ensure_directory(&target)
            .and_then(|()| sys::mount(at, &target, "", MS_MOVE, ""))
            .map_err(Failure::of(step, Status::PseudoMount))?;
    }
    Ok(())
}

/// Devices that udev would make for everybody, as node, major and minor number. The kernel loads
/// their drivers, modules of the root, when they are opened.
const DEVICES: [(&str, u32, u32); 2] = [("/dev/fuse", 10, 229), ("/dev/net/tun", 10, 200)];

/// Makes these nodes if the root has modules; the node of a driver in the kernel exists already.
pub fn make_devices() {
    let has_modules = Path::new(ROOT).join("lib/modules").exists();
    for (path, major, minor) in DEVICES {
        let made = if Path::new(path).exists() {
            Ok(())
        } else if has_modules {
            ensure_directory("/dev/net").and_then(|()| sys::make_device(path, major, minor))
        } else {
            continue;
        };
        if let Err(error) =
            made.and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o666)))
        {
            say_failed(path, &error);
        }
    }
}

/// Makes a directory if it does not exist.
pub fn ensure_directory(path: &str) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(_) if fs::metadata(path).is_ok_and(|found| found.is_dir()) => Ok(()),
        result => result,
    }
}

/// Reads the start of a file; all of it if it is shorter.
pub fn read_start(path: &str, bytes: usize) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(File::open(path)?, bytes as u64), &mut start)?;
    Ok(start)
}
