//! Configures the packages of an image, if its host could not.

use crate::mounts::{ensure_directory, ROOT};
use crate::report::{line, say, Failure, Status, Watch};
use crate::{errno, sys};
use std::io;
use std::os::unix::fs::chroot;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};

const SCRIPT: &str = "/guesthouse-first-boot";

/// Runs the script in the root, and turns the machine off.
pub fn first_boot(watch: &mut Watch) -> Failure {
    let failure = Failure::of("first-boot", Status::FirstBoot);
    match run() {
        Ok(status) if status.success() => {
            say!("first-boot: {} ms", watch.step_ms());
            // What the image's builder waits for.
            line("guesthouse-init: configured");
            crate::report::power_off(Status::Done)
        }
        Ok(status) => {
            say!("first-boot: {SCRIPT}: {status}");
            failure(errno::error(libc::ECANCELED))
        }
        Err(error) => failure(error),
    }
}

fn run() -> io::Result<ExitStatus> {
    let [proc, sys, dev] = ["proc", "sys", "dev"].map(|name| format!("{ROOT}/{name}"));
    for directory in [&proc, &sys, &dev] {
        ensure_directory(directory)?;
    }
    sys::mount("proc", &proc, "proc", 0, "")?;
    sys::mount("sysfs", &sys, "sysfs", 0, "")?;
    sys::mount("/dev", &dev, "", libc::MS_BIND, "")?;
    let mut shell = Command::new("/bin/sh");
    shell.arg(SCRIPT).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    // SAFETY: between fork and exec only two system calls are made.
    unsafe {
        shell.pre_exec(|| {
            chroot(ROOT)?;
            std::env::set_current_dir("/")
        });
    }
    let status = shell.status()?;
    // A daemon that a package has started would keep the root busy.
    sys::kill_all_others();
    for directory in [proc.as_str(), &sys, &dev, ROOT] {
        sys::unmount(directory)?;
    }
    Ok(status)
}
